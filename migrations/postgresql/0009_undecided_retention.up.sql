-- How long the faces of an event may be kept is for somebody to say. Until then it is NULL, and the event is neither purged
-- nor matched. An event that has expires_at is decided, whatever retention_days says.
ALTER TABLE events
    ALTER COLUMN retention_days DROP DEFAULT,
    ALTER COLUMN retention_days DROP NOT NULL;

-- findme writes expires_at with every event it makes. One without it was there when the database was adopted, or came from
-- the service later: its 365 days are what the column gave by itself.
UPDATE events SET retention_days = NULL WHERE expires_at IS NULL AND retention_days = 365;

-- An adopted event that findme renamed, dated or gave a photographer got expires_at along with that. The audit says of each
-- event who made it, and whether its retention was ever set.
UPDATE events SET retention_days = NULL, expires_at = NULL
WHERE retention_days = 365 AND to_regclass('findme_schema_accepted') IS NOT NULL
    AND 'event:' || id IN (
        SELECT subject FROM audit_log WHERE action IN ('event.created', 'event.updated') GROUP BY subject
        HAVING count(*) FILTER (WHERE action = 'event.created' OR detail LIKE '%retention_days=%') = 0);
