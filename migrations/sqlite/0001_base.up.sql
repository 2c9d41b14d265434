-- The database of the event-photo service as its release v87 left it.
-- Times are ISO-8601 UTC text with milliseconds, as in 2026-11-22T21:40:00.000Z; booleans are 0 and 1.

-- "FNDM": tells this file from other SQLite databases (file(1), doctor).
PRAGMA application_id = 1179534413;

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    email TEXT NOT NULL,
    hashed_password TEXT NOT NULL,
    user_type TEXT NOT NULL DEFAULT 'user' CHECK (user_type IN ('user', 'photographer', 'admin')),
    selfie_path TEXT,
    selfie_data BLOB,
    selfie_status TEXT,
    selfie_error TEXT,
    selfie_content_type TEXT,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at TEXT
) STRICT;
CREATE UNIQUE INDEX users_username_key ON users (username);
CREATE UNIQUE INDEX users_email_key ON users (email);

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    event_code TEXT NOT NULL,
    date TEXT,
    photographer_id INTEGER REFERENCES users (id)
) STRICT;
CREATE UNIQUE INDEX ix_events_event_code ON events (event_code);
CREATE INDEX ix_events_photographer_id ON events (photographer_id);

CREATE TABLE user_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    event_id INTEGER NOT NULL REFERENCES events (id),
    joined_at TEXT,
    rekognition_face_id TEXT
) STRICT;
CREATE INDEX ix_user_events_user_id ON user_events (user_id);
CREATE INDEX ix_user_events_event_id ON user_events (event_id);

CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    filename TEXT NOT NULL,
    original_filename TEXT,
    file_path TEXT,
    photo_data BLOB,
    content_type TEXT,
    photo_type TEXT NOT NULL CHECK (photo_type IN ('group', 'selfie', 'uploaded')),
    user_id INTEGER REFERENCES users (id),
    photographer_id INTEGER REFERENCES users (id),
    uploaded_at TEXT,
    event_id INTEGER REFERENCES events (id),
    s3_key TEXT,
    processing_status TEXT NOT NULL DEFAULT 'PENDING'
        CHECK (processing_status IN ('PENDING', 'PROCESSING', 'DONE', 'FAILED')),
    error_message TEXT,
    updated_at TEXT,
    original_size INTEGER,
    compressed_size INTEGER,
    compression_ratio REAL,
    retention_days INTEGER,
    expires_at TEXT,
    quality_level TEXT,
    show_in_general INTEGER CHECK (show_in_general IN (0, 1)),
    is_indexed INTEGER NOT NULL DEFAULT 0 CHECK (is_indexed IN (0, 1))
) STRICT;
CREATE INDEX ix_photos_event_id ON photos (event_id);
CREATE INDEX ix_photos_user_id ON photos (user_id);
CREATE INDEX ix_photos_photographer_id ON photos (photographer_id);

CREATE TABLE face_matches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    confidence_score INTEGER NOT NULL CHECK (confidence_score BETWEEN 0 AND 100),
    detected_at TEXT
) STRICT;
CREATE INDEX ix_face_matches_photo_id ON face_matches (photo_id);
CREATE INDEX ix_face_matches_user_id ON face_matches (user_id);

CREATE TABLE photo_faces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events (id),
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    face_id TEXT NOT NULL,
    created_at TEXT
) STRICT;
CREATE UNIQUE INDEX photo_faces_photo_id_face_id_key ON photo_faces (photo_id, face_id);
CREATE INDEX ix_photo_faces_event_id ON photo_faces (event_id);

CREATE TABLE password_reset_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    token TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    created_at TEXT
) STRICT;
CREATE UNIQUE INDEX ix_password_reset_tokens_token ON password_reset_tokens (token);
CREATE INDEX ix_password_reset_tokens_user_id ON password_reset_tokens (user_id);
