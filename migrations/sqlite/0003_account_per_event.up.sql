-- One account per event: a guest is unique within the event, photographers and admins (no event) among themselves.
ALTER TABLE users ADD COLUMN event_id INTEGER REFERENCES events (id) ON DELETE SET NULL;

-- The new rules hold before the old, stricter ones go.
CREATE UNIQUE INDEX users_email_event_unique ON users (email, coalesce(event_id, -1));
CREATE UNIQUE INDEX users_username_event_unique ON users (username, coalesce(event_id, -1));
CREATE INDEX idx_users_event_username ON users (event_id, username);
CREATE INDEX idx_users_event_email ON users (event_id, email);
DROP INDEX users_username_key;
DROP INDEX users_email_key;
