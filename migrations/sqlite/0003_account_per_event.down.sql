-- findme: destroys column users.event_id

-- Fails, and changes nothing, where an e-mail or a username is used in two events by now: the old rule has no room for
-- both accounts.
CREATE UNIQUE INDEX users_username_key ON users (username);
CREATE UNIQUE INDEX users_email_key ON users (email);
DROP INDEX users_email_event_unique;
DROP INDEX users_username_event_unique;
DROP INDEX idx_users_event_username;
DROP INDEX idx_users_event_email;
ALTER TABLE users DROP COLUMN event_id;
