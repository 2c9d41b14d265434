-- Makes the database of findme_v87.sql, run before, a large one: a million guests in 200 events, nearly all of whom have
-- joined one, every tenth two, and every fiftieth none; photos, and matches of every fourth guest.
-- All of it is invented.

SET synchronous_commit = off;

INSERT INTO events (name, event_code, date, photographer_id)
SELECT 'Event ' || n, 'BIG' || lpad(n::text, 5, '0'), timestamptz '2026-01-01 00:00:00+01' + n * interval '1 day', 2
FROM generate_series(1, 200) n;

INSERT INTO users (id, username, email, hashed_password, user_type, is_active, created_at)
SELECT 1000 + n, 'guest' || n, 'guest' || n || '@example.org', '$2b$12$' || repeat(md5(n::text), 2)::varchar(53), 'user',
    TRUE, timestamptz '2026-01-01 00:00:00+01' + n * interval '10 seconds'
FROM generate_series(1, 1000000) n;
SELECT setval('users_id_seq', (SELECT max(id) FROM users));

INSERT INTO user_events (user_id, event_id, joined_at)
SELECT 1000 + n, (SELECT min(id) FROM events WHERE event_code LIKE 'BIG%') + n % 200,
    timestamptz '2026-01-01 00:00:00+01' + n * interval '10 seconds'
FROM generate_series(1, 1000000) n WHERE n % 50 <> 0;
INSERT INTO user_events (user_id, event_id, joined_at)
SELECT 1000 + n, (SELECT min(id) FROM events WHERE event_code LIKE 'BIG%') + (n + 7) % 200,
    timestamptz '2025-12-01 00:00:00+01' + n * interval '10 seconds'
FROM generate_series(1, 1000000) n WHERE n % 10 = 0 AND n % 50 <> 0;

INSERT INTO photos (id, filename, file_path, photo_type, photographer_id, uploaded_at, event_id, processing_status, is_indexed)
SELECT 1000 + n, n || '.jpg', 'events/' || n || '.jpg', 'group', 2, timestamptz '2026-06-01 00:00:00+02',
    (SELECT min(id) FROM events WHERE event_code LIKE 'BIG%') + n % 200, 'DONE', TRUE
FROM generate_series(1, 100000) n;
SELECT setval('photos_id_seq', (SELECT max(id) FROM photos));

INSERT INTO face_matches (photo_id, user_id, confidence_score, detected_at)
SELECT 1001 + n % 100000, 1000 + n, 60 + n % 40, timestamptz '2026-06-01 00:00:00+02'
FROM generate_series(1, 1000000) n WHERE n % 4 = 0;

INSERT INTO password_reset_tokens (user_id, token, expires_at, created_at)
SELECT 1000 + n, md5(n::text) || md5((-n)::text), timestamptz '2099-01-01 00:00:00+00', timestamptz '2026-06-01 00:00:00+02'
FROM generate_series(1, 1000000) n WHERE n % 100 = 0;

ANALYZE;
