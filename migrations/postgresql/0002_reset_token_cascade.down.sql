-- Back to a foreign key without an action.
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
            AND confdeltype <> 'a'
    LOOP
        EXECUTE format('ALTER TABLE password_reset_tokens DROP CONSTRAINT %I', old.conname);
        EXECUTE format('ALTER TABLE password_reset_tokens ADD CONSTRAINT %I'
                       ' FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID', old.conname);
    END LOOP;
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
