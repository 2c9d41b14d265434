-- Fails, and changes nothing, where an e-mail or a username is used in two events by now: the old rule has no room for
-- both accounts.
-- findme: no-transaction
-- findme: destroys column users.event_id

-- Asked before an index is begun: one that fails half made would refuse accounts all the same.
-- findme: piece
DO $$
BEGIN
    IF EXISTS (SELECT FROM users GROUP BY username HAVING count(*) > 1) THEN
        RAISE EXCEPTION 'a username is used in two events'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'users_username_key';
    END IF;
    IF EXISTS (SELECT FROM users GROUP BY email HAVING count(*) > 1) THEN
        RAISE EXCEPTION 'an e-mail is used in two events'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'users_email_key';
    END IF;
END
$$;

-- findme: piece index users_username_key
CREATE UNIQUE INDEX CONCURRENTLY users_username_key ON users (username);

-- findme: piece index users_email_key
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);

-- The indexes over the column go with it.
-- findme: piece
ALTER TABLE users DROP COLUMN IF EXISTS event_id;
