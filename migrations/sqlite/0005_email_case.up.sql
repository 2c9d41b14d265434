-- An e-mail address is the same in whatever case it is written.
CREATE UNIQUE INDEX users_email_lower_event_key ON users (lower(email), coalesce(event_id, -1));
