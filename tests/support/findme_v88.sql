-- A database of the event-photo service as its release v88 made it, through SQLAlchemy's create_all, with rows in every
-- table. All of it is invented.
-- Here the roles are an enumerated type, users belong to an event, and accounts are unique within it.

CREATE TYPE usertype AS ENUM ('user', 'photographer', 'admin');

CREATE TABLE users (
    id SERIAL NOT NULL,
    username VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    hashed_password VARCHAR NOT NULL,
    user_type usertype NOT NULL,
    event_id INTEGER,
    selfie_path VARCHAR,
    selfie_data BYTEA,
    selfie_status VARCHAR,
    selfie_error VARCHAR,
    selfie_content_type VARCHAR,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id)
);
CREATE INDEX ix_users_id ON users (id);

CREATE TABLE events (
    id SERIAL NOT NULL,
    name VARCHAR NOT NULL,
    event_code VARCHAR NOT NULL,
    date TIMESTAMP WITH TIME ZONE,
    photographer_id INTEGER,
    PRIMARY KEY (id),
    CONSTRAINT events_photographer_id_fkey FOREIGN KEY (photographer_id) REFERENCES users (id)
);
CREATE INDEX ix_events_id ON events (id);
CREATE UNIQUE INDEX ix_events_event_code ON events (event_code);

-- Users and events refer to each other.
ALTER TABLE users ADD CONSTRAINT users_event_id_fkey
    FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE SET NULL;
CREATE UNIQUE INDEX users_email_event_unique ON users (email, COALESCE(event_id, -1));
CREATE UNIQUE INDEX users_username_event_unique ON users (username, COALESCE(event_id, -1));
CREATE INDEX idx_users_event_username ON users (event_id, username);
CREATE INDEX idx_users_event_email ON users (event_id, email);

CREATE TABLE user_events (
    id SERIAL NOT NULL,
    user_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    joined_at TIMESTAMP WITH TIME ZONE,
    rekognition_face_id VARCHAR,
    PRIMARY KEY (id),
    CONSTRAINT user_events_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT user_events_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_user_events_id ON user_events (id);

CREATE TABLE photos (
    id SERIAL NOT NULL,
    filename VARCHAR NOT NULL,
    original_filename VARCHAR,
    file_path VARCHAR NOT NULL,
    photo_data BYTEA,
    content_type VARCHAR,
    photo_type VARCHAR NOT NULL,
    user_id INTEGER,
    photographer_id INTEGER,
    uploaded_at TIMESTAMP WITH TIME ZONE,
    event_id INTEGER,
    s3_key VARCHAR,
    processing_status VARCHAR NOT NULL,
    error_message TEXT,
    updated_at TIMESTAMP WITH TIME ZONE,
    original_size INTEGER,
    compressed_size INTEGER,
    compression_ratio FLOAT,
    retention_days INTEGER,
    expires_at TIMESTAMP WITH TIME ZONE,
    quality_level VARCHAR,
    show_in_general BOOLEAN,
    is_indexed BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT photos_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT photos_photographer_id_fkey FOREIGN KEY (photographer_id) REFERENCES users (id),
    CONSTRAINT photos_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_photos_id ON photos (id);
CREATE INDEX ix_photos_s3_key ON photos (s3_key);

CREATE TABLE face_matches (
    id SERIAL NOT NULL,
    photo_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    confidence_score INTEGER NOT NULL,
    detected_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT face_matches_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES photos (id),
    CONSTRAINT face_matches_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);
CREATE INDEX ix_face_matches_id ON face_matches (id);

CREATE TABLE photo_faces (
    id SERIAL NOT NULL,
    event_id INTEGER NOT NULL,
    photo_id INTEGER NOT NULL,
    face_id TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT photo_faces_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT photo_faces_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES photos (id) ON DELETE CASCADE,
    CONSTRAINT uq_photo_faces_photo_face UNIQUE (photo_id, face_id)
);
CREATE INDEX ix_photo_faces_id ON photo_faces (id);

CREATE TABLE password_reset_tokens (
    id SERIAL NOT NULL,
    user_id INTEGER NOT NULL,
    token VARCHAR NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT password_reset_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_password_reset_tokens_id ON password_reset_tokens (id);
CREATE UNIQUE INDEX ix_password_reset_tokens_token ON password_reset_tokens (token);

CREATE TABLE gdrive_integrations (
    id SERIAL NOT NULL,
    photographer_id INTEGER NOT NULL,
    event_id INTEGER,
    folder_id VARCHAR,
    refresh_token_enc TEXT,
    listening BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT gdrive_integrations_photographer_id_fkey FOREIGN KEY (photographer_id) REFERENCES users (id),
    CONSTRAINT gdrive_integrations_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_gdrive_integrations_id ON gdrive_integrations (id);

CREATE TABLE gdrive_ingestion_log (
    id SERIAL NOT NULL,
    integration_id INTEGER NOT NULL,
    event_id INTEGER,
    photo_id INTEGER,
    drive_file_id VARCHAR NOT NULL,
    md5 VARCHAR,
    status VARCHAR NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT gdrive_ingestion_log_integration_id_fkey FOREIGN KEY (integration_id) REFERENCES gdrive_integrations (id),
    CONSTRAINT gdrive_ingestion_log_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT gdrive_ingestion_log_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES photos (id)
);
CREATE INDEX ix_gdrive_ingestion_log_id ON gdrive_ingestion_log (id);

CREATE TABLE local_watchers (
    id SERIAL NOT NULL,
    photographer_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    label VARCHAR,
    machine VARCHAR,
    expected_path VARCHAR,
    move_uploaded_dir VARCHAR,
    listening BOOLEAN NOT NULL,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT local_watchers_photographer_id_fkey FOREIGN KEY (photographer_id) REFERENCES users (id),
    CONSTRAINT local_watchers_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_local_watchers_id ON local_watchers (id);

CREATE TABLE local_ingestion_log (
    id SERIAL NOT NULL,
    watcher_id INTEGER NOT NULL,
    event_id INTEGER,
    photo_id INTEGER,
    file_name VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT local_ingestion_log_watcher_id_fkey FOREIGN KEY (watcher_id) REFERENCES local_watchers (id),
    CONSTRAINT local_ingestion_log_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT local_ingestion_log_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES photos (id)
);
CREATE INDEX ix_local_ingestion_log_id ON local_ingestion_log (id);

CREATE TABLE delete_jobs (
    id SERIAL NOT NULL,
    user_id INTEGER NOT NULL,
    event_id INTEGER,
    photo_ids TEXT NOT NULL,
    status VARCHAR NOT NULL,
    error_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT delete_jobs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT delete_jobs_event_id_fkey FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_delete_jobs_id ON delete_jobs (id);

-- sonia is a photographer who has no event; paul, a guest who joined none.
INSERT INTO users (username, email, hashed_password, user_type, is_active, created_at) VALUES
    ('admin', 'admin@example.org', '$2b$12$xrcYrqT49MkV9VofLJknUPDzecDdb0Pa0Z7zI7QMP.YDUT3RPqs92', 'admin', TRUE,
        '2025-03-01 09:00:00+01'),
    ('marc', 'marc@photo.example', '$2b$12$uE44CVco5qxVquVg116hu/YML.TQuByFTACKElp5xWOBtlgecCNi6', 'photographer',
        TRUE, '2025-03-02 09:00:00+01'),
    ('sonia', 'sonia@photo.example', '$2b$12$ciIKA/vx7P0/KoZT81uqjE0a3eXwzS78WYTYZOM4/r21ulmQ/XAEv', 'photographer',
        FALSE, '2025-03-03 09:00:00+01');
INSERT INTO events (name, event_code, date, photographer_id) VALUES
    ('Mariage Dupont', 'DUPONT26', '2026-06-20 00:00:00+02', 2),
    ('Semi de Lyon', 'LYON 2026', '2026-09-13 00:00:00+02', 2),
    ('Congres', 'CONGRES1', NULL, NULL);
INSERT INTO users (username, email, hashed_password, user_type, event_id, selfie_path, selfie_data, selfie_status,
    selfie_content_type, is_active, created_at) VALUES
    ('lea', 'Lea@example.org', '$2b$12$.Vq6uRV383zib4IPA5DX/2oVdbkIUXXl9kBPi3QsjbevTqwkwt5yE', 'user', 1,
        'selfies/4.jpg',
        '\xffd8ffe0d32a87a97a9bf4a54632577b253107c9405ea6ed0b0152427c91279795bf8c17257509fe60603b6289707a785c3e10d5',
        'valid', 'image/jpeg', TRUE, '2026-06-01 10:00:00+02'),
    ('hugo', 'hugo@example.org', '$2b$12$UJBo..y5rpvkfb78IIVz2F4pLd/pSMMCgg8qJoyAz47tGlR3pS/xc', 'user', 2,
        'selfies/5.jpg',
        '\xffd8ffe085abc7701c01fc724c1dd92ba836493d48b123b26a157e4307378bc9f47618f9110254dbd2867a59f7ce858f52e0bd8b',
        'valid', 'image/jpeg', TRUE, '2026-06-02 10:00:00+02'),
    ('ines', 'ines@example.org', '$2b$12$yAWN8a2oGKLp9yLCkXTW010nSghEkwgAf5QxXhJBL5MiBkJZ3MHxc', 'user', 3,
        'selfies/6.jpg',
        '\xffd8ffe0c988b9800600fd21ad762031d429864f276eb677b0cfb1fc33fd0ba798c1778745de52428041f20414e10c907b7eacc8',
        'valid', 'image/jpeg', TRUE, '2026-06-03 10:00:00+02'),
    ('paul', 'paul@example.org', '$2b$12$bA5crWevcPkQVSHaBnBazTw1T4Xqe4jL/UqNy/d.5VDIvYMbnuh/B', 'user', NULL, NULL,
        NULL, 'none', NULL, TRUE, '2026-06-04 10:00:00+02'),
    ('lea', 'Lea@example.org', '$2b$12$cn9.jXMfIxQRqY2DJIUwzrrI2Qcyt2MnLBx6fH8Mn70YeCgadibiJ', 'user', 2,
        'selfies/8.jpg',
        '\xffd8ffe0876d85646d3dffb70e580ac710fa810f826b50d2f1ae3437646da0667c50f648873a9f5d91fb31f86f084cea30cf4f03',
        'valid', 'image/jpeg', TRUE, '2026-06-05 10:00:00+02');
-- hugo joined a second event later, and its row came first.
INSERT INTO user_events (user_id, event_id, joined_at, rekognition_face_id) VALUES
    (4, 1, '2026-06-01 10:00:00+02', 'a1b2c3d4-0000-4000-8000-000000000001'),
    (5, 3, '2026-06-03 10:00:00+02', NULL),
    (5, 2, '2026-06-02 10:00:00+02', 'a1b2c3d4-0000-4000-8000-000000000002'),
    (6, 3, NULL, NULL),
    (8, 2, '2026-06-05 10:00:00+02', NULL);
INSERT INTO photos (filename, original_filename, file_path, photo_data, content_type, photo_type, user_id,
        photographer_id,
    uploaded_at, event_id, s3_key, processing_status, error_message, updated_at, original_size, compressed_size,
    compression_ratio, retention_days, expires_at, quality_level, show_in_general, is_indexed) VALUES
    ('p1.jpg', 'IMG_0001.JPG', 'events/1/p1.jpg', NULL, 'image/jpeg', 'group', NULL, 2,
        '2026-06-20 18:00:00+02', 1, 'events/1/p1.jpg', 'DONE', NULL, '2026-06-20 18:05:00+02', 8000000, 2000000,
        0.25, 365, '2027-06-20 18:00:00+02', 'high', TRUE, TRUE),
    ('p2.jpg', NULL, 'events/1/p2.jpg',
        '\xffd8ffe0e45b4055f62bd10b0040a0aa1944cf6252983150d7689a09235e58d4381ea0f58b795734e3ce49426d72938d093ee942',
        'image/jpeg', 'uploaded', 4, NULL, '2026-06-20 19:00:00+02', 1, NULL, 'PENDING', NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, FALSE),
    ('p3.jpg', 'IMG_0003.JPG', 'events/2/p3.jpg', NULL, 'image/jpeg', 'group', NULL, 2,
        '2026-09-13 12:00:00+02', 2, 'events/2/p3.jpg', 'FAILED', 'no face detected', NULL, 7000000, NULL,
        NULL, 30, '2026-10-13 12:00:00+02', 'medium', FALSE, FALSE),
    ('4.jpg', NULL, 'selfies/4.jpg', NULL, 'image/jpeg', 'selfie', 4, NULL,
        '2026-06-01 10:00:00+02', NULL, NULL, 'DONE', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, FALSE, TRUE);
INSERT INTO face_matches (photo_id, user_id, confidence_score, detected_at) VALUES
    (1, 4, 98, '2026-06-20 18:05:00+02'),
    (3, 5, 71, '2026-09-13 12:05:00+02');
INSERT INTO photo_faces (event_id, photo_id, face_id, created_at) VALUES
    (1, 1, 'f0f0f0f0-0000-4000-8000-000000000001', '2026-06-20 18:05:00+02'),
    (1, 1, 'f0f0f0f0-0000-4000-8000-000000000002', '2026-06-20 18:05:00+02'),
    (2, 3, 'f0f0f0f0-0000-4000-8000-000000000003', NULL);
-- Two outstanding, one of them expired, and one that was used.
INSERT INTO password_reset_tokens (user_id, token, expires_at, used_at, created_at) VALUES
    (4, 'YotJ2W3N6XpDDdT1l3BYmeCalo95NJHktwTK4zpA3AI', '2099-01-01 00:00:00+00', NULL, '2026-06-21 08:00:00+02'),
    (5, 'xER0A41FnkDkcUr--nv42un5g0si9ejsHdQ07LYrUS4', '2026-06-21 09:00:00+02', NULL, '2026-06-21 08:00:00+02'),
    (4, 'zs6KnOz7bH5-5PM0bV4lRBOL-24zvsYEKhczOk0xgLA', '2026-06-20 09:00:00+02',
        '2026-06-20 08:10:00+02', '2026-06-20 08:00:00+02');
INSERT INTO gdrive_integrations (photographer_id, event_id, folder_id, refresh_token_enc, listening, created_at) VALUES
    (2, 1, 'folder-1', 'gAAAAAinvented1', TRUE, '2026-06-19 08:00:00+02'),
    (3, NULL, NULL, NULL, FALSE, NULL);
INSERT INTO gdrive_ingestion_log (integration_id, event_id, photo_id, drive_file_id, md5, status, created_at) VALUES
    (1, 1, 1, 'file-1', 'd41d8cd98f00b204e9800998ecf8427e', 'done', '2026-06-20 18:00:00+02'),
    (1, 1, NULL, 'file-2', NULL, 'failed', NULL);
INSERT INTO local_watchers (photographer_id, event_id, label, machine, expected_path, listening, last_error,
        created_at) VALUES
    (2, 1, 'salle', 'portable-marc', '/home/marc/dupont', TRUE, NULL, '2026-06-19 08:00:00+02'),
    (2, 2, NULL, NULL, NULL, FALSE, 'folder not found', NULL);
INSERT INTO local_ingestion_log (watcher_id, event_id, photo_id, file_name, status, created_at) VALUES
    (1, 1, 2, 'p2.jpg', 'done', '2026-06-20 19:00:00+02'),
    (2, 2, NULL, 'x.jpg', 'failed', NULL);
INSERT INTO delete_jobs (user_id, event_id, photo_ids, status, error_message, created_at) VALUES
    (2, 1, '[7, 8]', 'done', NULL, '2026-06-22 08:00:00+02'),
    (1, NULL, '[]', 'failed', 'timeout', NULL);
