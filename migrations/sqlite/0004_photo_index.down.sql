DROP TABLE face_templates;
DROP TABLE faces;
DROP TABLE photo_models;
DROP TABLE photo_paths;

DROP INDEX photos_event_id_content_hash_key;
ALTER TABLE photos DROP COLUMN error_code;
ALTER TABLE photos DROP COLUMN height_px;
ALTER TABLE photos DROP COLUMN width_px;
ALTER TABLE photos DROP COLUMN captured_at;
ALTER TABLE photos DROP COLUMN content_hash;

ALTER TABLE events DROP COLUMN expires_at;
ALTER TABLE events DROP COLUMN created_at;
ALTER TABLE events DROP COLUMN retention_days;
