-- findme: destroys table face_templates
-- findme: destroys table faces
-- findme: destroys table photo_models
-- findme: destroys table photo_paths
-- findme: destroys column photos.content_hash
-- findme: destroys column photos.captured_at
-- findme: destroys column photos.width_px
-- findme: destroys column photos.height_px
-- findme: destroys column photos.error_code
-- findme: destroys column events.retention_days
-- findme: destroys column events.created_at
-- findme: destroys column events.expires_at

DROP TABLE face_templates;
DROP TABLE faces;
DROP TABLE photo_models;
DROP TABLE photo_paths;

-- Its index goes with content_hash.
ALTER TABLE photos
    DROP COLUMN error_code,
    DROP COLUMN height_px,
    DROP COLUMN width_px,
    DROP COLUMN captured_at,
    DROP COLUMN content_hash;

ALTER TABLE events
    DROP COLUMN expires_at,
    DROP COLUMN created_at,
    DROP COLUMN retention_days;
