-- Counts of failures and sessions begin at 0 again: nothing that anybody could miss.
-- findme: destroys table audit_log
-- findme: destroys table selfies
-- findme: destroys table consents
-- findme: destroys table account_tokens
-- findme: destroys column events.purged_at
-- findme: destroys column users.blocked_until

DROP TABLE audit_head;
DROP TABLE audit_log;
DROP FUNCTION findme_refuse_change();
DROP TABLE selfies;
DROP TABLE consents;
DROP TABLE account_tokens;
DROP INDEX photo_models_unmatched;
ALTER TABLE photo_models DROP COLUMN matched_at;
ALTER TABLE events DROP COLUMN purged_at;
ALTER TABLE users
    DROP COLUMN session_version,
    DROP COLUMN blocked_until,
    DROP COLUMN failed_logins;
