-- How long the faces of an event may be kept is for somebody to say. Until then it is NULL, and the event is neither purged
-- nor matched. An event that has expires_at is decided, whatever retention_days says.
-- SQLite cannot alter a column. What it documents for this case is done instead: the table's text is exchanged; no row is
-- touched, and every row holds its own value, because step 4 wrote them all.
-- @source https://www.sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'retention_days INTEGER NOT NULL DEFAULT 365', 'retention_days INTEGER')
    WHERE type = 'table' AND name = 'events';
PRAGMA writable_schema = RESET;
-- Any other change of the schema tells the connections of this and of other processes to read it again.
CREATE TABLE findme_read_again (id INTEGER) STRICT;
DROP TABLE findme_read_again;

-- findme writes expires_at with every event it makes. One without it came from elsewhere: its 365 days are what the column
-- gave by itself.
UPDATE events SET retention_days = NULL WHERE expires_at IS NULL AND retention_days = 365;
