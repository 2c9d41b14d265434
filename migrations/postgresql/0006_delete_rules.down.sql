-- Back to foreign keys without an action. Those of tables that findme does not know keep theirs: what they were before
-- nobody wrote down.
-- findme: no-transaction

-- findme: piece
CREATE OR REPLACE FUNCTION findme_set_delete_rule(owner_table regclass, referring name, rule text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    old RECORD;
BEGIN
    FOR old IN
        SELECT conname, confrelid::regclass AS target FROM pg_constraint
        WHERE conrelid = owner_table AND contype = 'f'
            AND conkey = ARRAY[(SELECT attnum FROM pg_attribute WHERE attrelid = owner_table AND attname = referring)]
            AND confdeltype <> CASE rule WHEN 'CASCADE' THEN 'c' WHEN 'SET NULL' THEN 'n' ELSE 'a' END::"char"
    LOOP
        -- A vacuum of the table gives way to whoever waits for a second; the lock itself is given back at once.
        BEGIN
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', owner_table);
            RAISE SQLSTATE 'FM001';
        EXCEPTION WHEN SQLSTATE 'FM001' THEN
            NULL;
        END;
        -- Whoever writes may hold one of the two tables and want the other: with the first in hand the second is waited
        -- for much shorter than a deadlock takes to be noticed, and then the whole is tried again.
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', old.target);
        PERFORM set_config('lock_timeout', '100ms', true);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I'
                       ' FOREIGN KEY (%I) REFERENCES %s (id) ON DELETE %s NOT VALID',
                       owner_table, old.conname, old.conname, referring, old.target, rule);
    END LOOP;
END
$$;

-- findme: piece
CREATE OR REPLACE FUNCTION findme_check_foreign_keys(owner_table regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    unchecked RECORD;
BEGIN
    FOR unchecked IN
        SELECT conname FROM pg_constraint WHERE conrelid = owner_table AND contype = 'f' AND NOT convalidated
    LOOP
        EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', owner_table, unchecked.conname);
    END LOOP;
END
$$;

-- findme: piece
SELECT findme_set_delete_rule('user_events', 'user_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('user_events', 'event_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'user_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'photographer_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'event_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('face_matches', 'photo_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('face_matches', 'user_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('photo_faces', 'event_id', 'NO ACTION');

-- findme: piece
SELECT findme_set_delete_rule('events', 'photographer_id', 'NO ACTION');

-- findme: piece
SELECT findme_check_foreign_keys('user_events');

-- findme: piece
SELECT findme_check_foreign_keys('photos');

-- findme: piece
SELECT findme_check_foreign_keys('face_matches');

-- findme: piece
SELECT findme_check_foreign_keys('photo_faces');

-- findme: piece
SELECT findme_check_foreign_keys('events');

-- findme: piece
DROP FUNCTION IF EXISTS findme_set_delete_rule(regclass, name, text);
DROP FUNCTION IF EXISTS findme_check_foreign_keys(regclass);
