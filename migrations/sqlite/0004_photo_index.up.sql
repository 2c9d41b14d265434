-- Photos known by their bytes, the files they are found in, their faces and the faces' templates.

-- Retention. An event without expires_at expires retention_days after the end of its date, else after its creation.
ALTER TABLE events ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 365;
ALTER TABLE events ADD COLUMN created_at TEXT;
ALTER TABLE events ADD COLUMN expires_at TEXT;
-- Events that are here already were made at a time nobody wrote down: their retention counts from now at the latest.
UPDATE events SET created_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- Within an event a photo is its SHA-256. Rows without one were never indexed by findme.
ALTER TABLE photos ADD COLUMN content_hash BLOB;
ALTER TABLE photos ADD COLUMN captured_at TEXT;
ALTER TABLE photos ADD COLUMN width_px INTEGER;
ALTER TABLE photos ADD COLUMN height_px INTEGER;
ALTER TABLE photos ADD COLUMN error_code TEXT;
CREATE UNIQUE INDEX photos_event_id_content_hash_key ON photos (event_id, content_hash) WHERE content_hash IS NOT NULL;

-- The files a photo is found in. Paths are bytes: a file system does not promise UTF-8.
CREATE TABLE photo_paths (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX photo_paths_event_id_path_key ON photo_paths (event_id, path);
CREATE INDEX photo_paths_photo_id_path ON photo_paths (photo_id, path);

-- Which models have seen a photo: work is keyed by (event, SHA-256, model).
CREATE TABLE photo_models (
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    indexed_at TEXT NOT NULL,
    face_count INTEGER NOT NULL,
    PRIMARY KEY (photo_id, model_id)
) STRICT;

-- Ids are never used again: a face index on disk that is a little behind may name a face that is gone, but never
-- another one.
CREATE TABLE faces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,         -- whose run found it
    ordinal INTEGER NOT NULL,       -- place among the faces of this run, from 0
    box_x REAL NOT NULL,            -- fractions of the upright photo
    box_y REAL NOT NULL,
    box_width REAL NOT NULL,
    box_height REAL NOT NULL,
    landmarks BLOB NOT NULL,        -- x and y of five points, float32 little-endian
    detection_score REAL NOT NULL,
    height_px REAL NOT NULL,
    sharpness REAL NOT NULL,
    yaw REAL NOT NULL,
    roll_deg REAL NOT NULL
) STRICT;
CREATE UNIQUE INDEX faces_photo_id_model_id_ordinal_key ON faces (photo_id, model_id, ordinal);
CREATE INDEX faces_event_id ON faces (event_id);

-- Apart from the faces: the biometric data has a table of its own, and listing faces reads none of it.
CREATE TABLE face_templates (
    face_id INTEGER PRIMARY KEY REFERENCES faces (id) ON DELETE CASCADE,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    template BLOB NOT NULL          -- float32 little-endian
) STRICT;
CREATE INDEX face_templates_event_id_model_id ON face_templates (event_id, model_id, face_id);
