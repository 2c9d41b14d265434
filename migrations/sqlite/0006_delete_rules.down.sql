-- Back to foreign keys without an action.
-- SQLite cannot alter a foreign key, and making a table anew under others' references would cascade through them. What SQLite
-- documents for this case is done instead: the table's text is exchanged; no row is touched.
-- @source https://www.sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE', 'user_id INTEGER NOT NULL REFERENCES users (id)'),
    'event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE', 'event_id INTEGER NOT NULL REFERENCES events (id)')
    WHERE type = 'table' AND name = 'user_events';
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'user_id INTEGER REFERENCES users (id) ON DELETE SET NULL', 'user_id INTEGER REFERENCES users (id)'),
    'photographer_id INTEGER REFERENCES users (id) ON DELETE SET NULL', 'photographer_id INTEGER REFERENCES users (id)'),
    'event_id INTEGER REFERENCES events (id) ON DELETE CASCADE', 'event_id INTEGER REFERENCES events (id)')
    WHERE type = 'table' AND name = 'photos';
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE', 'photo_id INTEGER NOT NULL REFERENCES photos (id)'),
    'user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE', 'user_id INTEGER NOT NULL REFERENCES users (id)')
    WHERE type = 'table' AND name = 'face_matches';
UPDATE sqlite_schema SET sql = replace(sql,
    'event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE', 'event_id INTEGER NOT NULL REFERENCES events (id)')
    WHERE type = 'table' AND name = 'photo_faces';
UPDATE sqlite_schema SET sql = replace(sql,
    'photographer_id INTEGER REFERENCES users (id) ON DELETE SET NULL', 'photographer_id INTEGER REFERENCES users (id)')
    WHERE type = 'table' AND name = 'events';
PRAGMA writable_schema = RESET;
