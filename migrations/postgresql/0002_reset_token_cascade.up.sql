-- Deleting a user failed while a password-reset token referred to it. The foreign key is found by what it does: its
-- name depends on who made the database. It is exchanged in an instant, without reading the table, and checked
-- afterwards, while others write.
-- findme: no-transaction

-- findme: piece
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'password_reset_tokens'::regclass AND confrelid = 'users'::regclass AND contype = 'f'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'password_reset_tokens'::regclass AND attname = 'user_id')]
            AND confdeltype <> 'c'
    LOOP
        EXECUTE format('ALTER TABLE password_reset_tokens DROP CONSTRAINT %I', old.conname);
    END LOOP;
    IF NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'password_reset_tokens'::regclass AND confrelid = 'users'::regclass AND contype = 'f'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'password_reset_tokens'::regclass AND attname = 'user_id')]
    ) THEN
        ALTER TABLE password_reset_tokens ADD CONSTRAINT password_reset_tokens_user_id_fkey
            FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID;
    END IF;
END
$$;

-- findme: piece
DO $$
DECLARE
    unchecked RECORD;
BEGIN
    FOR unchecked IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'password_reset_tokens'::regclass AND confrelid = 'users'::regclass AND contype = 'f'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'password_reset_tokens'::regclass AND attname = 'user_id')]
            AND NOT convalidated
    LOOP
        EXECUTE format('ALTER TABLE password_reset_tokens VALIDATE CONSTRAINT %I', unchecked.conname);
    END LOOP;
END
$$;
