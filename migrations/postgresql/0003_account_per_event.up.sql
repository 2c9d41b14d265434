-- One account per event: a guest is unique within the event, photographers and admins (no event) among themselves.
-- findme: no-transaction

-- findme: piece
ALTER TABLE users ADD COLUMN IF NOT EXISTS event_id INTEGER;

-- findme: piece
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'users'::regclass AND confrelid = 'events'::regclass AND contype = 'f' AND confdeltype <> 'n'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'users'::regclass AND attname = 'event_id')]
    LOOP
        EXECUTE format('ALTER TABLE users DROP CONSTRAINT %I', old.conname);
    END LOOP;
    -- One that is right but for its name gets the name that later steps know it by.
    FOR old IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'users'::regclass AND confrelid = 'events'::regclass AND contype = 'f'
            AND conname <> 'users_event_id_fkey'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'users'::regclass AND attname = 'event_id')]
    LOOP
        EXECUTE format('ALTER TABLE users RENAME CONSTRAINT %I TO users_event_id_fkey', old.conname);
    END LOOP;
    IF NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'users'::regclass AND confrelid = 'events'::regclass AND contype = 'f'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'users'::regclass AND attname = 'event_id')]
    ) THEN
        ALTER TABLE users ADD CONSTRAINT users_event_id_fkey
            FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE SET NULL NOT VALID;
    END IF;
END
$$;

-- Guests get the event they joined first. Batches go through the users by id: the session remembers where the last one
-- ended, so that nobody is looked at twice, neither guests who are done nor those who never joined an event.
-- findme: piece index findme_first_joined
CREATE INDEX CONCURRENTLY findme_first_joined ON user_events (user_id, joined_at, id);

-- A planner that does not know that the new column is empty would read and sort all users for every batch.
-- findme: piece
ANALYZE users (id, user_type, event_id);

-- findme: piece
SELECT set_config('findme.filled_up_to', '0', false);

-- Rows of user_events may name an event that is gone: not every database has its foreign key.
-- findme: piece repeat
WITH batch AS (
    SELECT u.id, joined.event_id
    FROM users u
    CROSS JOIN LATERAL (
        SELECT j.event_id FROM user_events j JOIN events e ON e.id = j.event_id
        WHERE j.user_id = u.id ORDER BY j.joined_at, j.id LIMIT 1
    ) joined
    WHERE u.id > current_setting('findme.filled_up_to')::bigint AND u.event_id IS NULL AND u.user_type::text = 'user'
    ORDER BY u.id LIMIT 5000
), reached AS (
    SELECT set_config('findme.filled_up_to', max(id)::text, false) FROM batch HAVING count(*) > 0
)
UPDATE users SET event_id = batch.event_id FROM batch, reached
WHERE users.id = batch.id AND users.event_id IS NULL;

-- findme: piece
DROP INDEX IF EXISTS findme_first_joined;

-- findme: piece
DO $$
DECLARE
    unchecked RECORD;
BEGIN
    FOR unchecked IN
        SELECT conname FROM pg_constraint
        WHERE conrelid = 'users'::regclass AND confrelid = 'events'::regclass AND contype = 'f' AND NOT convalidated
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute
                WHERE attrelid = 'users'::regclass AND attname = 'event_id')]
    LOOP
        EXECUTE format('ALTER TABLE users VALIDATE CONSTRAINT %I', unchecked.conname);
    END LOOP;
END
$$;

-- The new rules hold before the old, stricter ones go.
-- findme: piece index users_email_event_unique
CREATE UNIQUE INDEX CONCURRENTLY users_email_event_unique ON users (email, coalesce(event_id, -1));

-- findme: piece index users_username_event_unique
CREATE UNIQUE INDEX CONCURRENTLY users_username_event_unique ON users (username, coalesce(event_id, -1));

-- findme: piece index idx_users_event_username
CREATE INDEX CONCURRENTLY idx_users_event_username ON users (event_id, username);

-- findme: piece index idx_users_event_email
CREATE INDEX CONCURRENTLY idx_users_event_email ON users (event_id, email);

-- Whatever makes an e-mail or a username unique by itself, and the two indexes that the service's own health check
-- takes for that rule.
-- findme: piece
DO $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT i.relname, c.conname
        FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.conrelid = x.indrelid AND c.contype = 'u'
        WHERE x.indrelid = 'users'::regclass AND x.indpred IS NULL AND (i.relname IN ('ix_users_email', 'ix_users_username')
            OR (x.indisunique AND x.indnkeyatts = 1 AND pg_get_indexdef(x.indexrelid, 1, true)
                IN ('email', 'username', 'lower(email)', 'lower(username)', 'lower(email::text)',
                    'lower(username::text)')))
    LOOP
        IF old.conname IS NOT NULL THEN
            EXECUTE format('ALTER TABLE users DROP CONSTRAINT %I', old.conname);
        ELSE
            EXECUTE format('DROP INDEX %I', old.relname);
        END IF;
    END LOOP;
END
$$;
