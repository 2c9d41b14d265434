-- findme: destroys table password_reset_tokens
-- findme: destroys table photo_faces
-- findme: destroys table face_matches
-- findme: destroys table photos
-- findme: destroys table user_events
-- findme: destroys table events
-- findme: destroys table users

-- Users and events refer to each other: children first.
DROP TABLE password_reset_tokens;
DROP TABLE photo_faces;
DROP TABLE face_matches;
DROP TABLE photos;
DROP TABLE user_events;
DROP TABLE events;
DROP TABLE users;
