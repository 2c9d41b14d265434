-- An e-mail address is the same in whatever case it is written.
-- findme: no-transaction

-- findme: piece index users_email_lower_event_key
CREATE UNIQUE INDEX CONCURRENTLY users_email_lower_event_key ON users (lower(email), coalesce(event_id, -1));
