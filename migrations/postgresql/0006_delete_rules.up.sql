-- A user or an event can be deleted whatever refers to them: every foreign key says what becomes of its rows. Each is found
-- by what it does (its name depends on who made the database), exchanged in an instant, without reading the table, and
-- checked afterwards, while others write.
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
SELECT findme_set_delete_rule('user_events', 'user_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('user_events', 'event_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'user_id', 'SET NULL');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'photographer_id', 'SET NULL');

-- findme: piece
SELECT findme_set_delete_rule('photos', 'event_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('face_matches', 'photo_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('face_matches', 'user_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('photo_faces', 'event_id', 'CASCADE');

-- findme: piece
SELECT findme_set_delete_rule('events', 'photographer_id', 'SET NULL');

-- What else refers to users, events and photos: tables of the service that findme does not know. A row that must name one
-- goes with it, another forgets it. And what refers to those: a log of an integration goes with it. One at a time.
-- findme: piece
DO $$
DECLARE
    other RECORD;
BEGIN
    LOOP
        SELECT c.conrelid::regclass AS owner_table, a.attname, a.attnotnull INTO other
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.confdeltype IN ('a', 'r')
            AND c.connamespace = current_schema()::regnamespace
            AND (c.confrelid IN ('users'::regclass, 'events'::regclass, 'photos'::regclass)
                 OR EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = c.confrelid AND p.contype = 'f'
                                AND p.confdeltype = 'c'
                                AND p.confrelid IN ('users'::regclass, 'events'::regclass, 'photos'::regclass)))
        ORDER BY c.oid LIMIT 1;
        EXIT WHEN NOT FOUND;
        PERFORM findme_set_delete_rule(other.owner_table, other.attname,
                                       CASE WHEN other.attnotnull THEN 'CASCADE' ELSE 'SET NULL' END);
        COMMIT;
    END LOOP;
END
$$;

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
DO $$
DECLARE
    other RECORD;
BEGIN
    FOR other IN
        SELECT DISTINCT conrelid::regclass AS owner_table FROM pg_constraint
        WHERE contype = 'f' AND NOT convalidated AND connamespace = current_schema()::regnamespace
    LOOP
        PERFORM findme_check_foreign_keys(other.owner_table);
    END LOOP;
    -- A key of the service's own that was accepted at adoption stays accepted as it is now.
    IF to_regclass('findme_schema_accepted') IS NOT NULL THEN
        UPDATE findme_schema_accepted SET found = pg_get_constraintdef(c.oid, true)
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE c.contype = 'f' AND t.relnamespace = current_schema()::regnamespace
            AND object = 'constraint ' || t.relname || '.' || c.conname;
    END IF;
END
$$;

-- findme: piece
DROP FUNCTION IF EXISTS findme_set_delete_rule(regclass, name, text);
DROP FUNCTION IF EXISTS findme_check_foreign_keys(regclass);
