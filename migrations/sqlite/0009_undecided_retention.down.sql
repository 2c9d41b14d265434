-- Back to 365 days for every event of which nobody has said anything: they still have no expires_at, by which the step
-- knows them when it is taken again.
UPDATE events SET retention_days = 365 WHERE retention_days IS NULL;
-- SQLite cannot alter a column. What it documents for this case is done instead: the table's text is exchanged; no row is
-- touched, and every row holds its own value, because step 4 wrote them all.
-- @source https://www.sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'retention_days INTEGER', 'retention_days INTEGER NOT NULL DEFAULT 365')
    WHERE type = 'table' AND name = 'events';
PRAGMA writable_schema = RESET;
-- Any other change of the schema tells the connections of this and of other processes to read it again.
CREATE TABLE findme_read_again (id INTEGER) STRICT;
DROP TABLE findme_read_again;
