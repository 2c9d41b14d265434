-- Deleting a user failed while a password-reset token referred to it. SQLite cannot alter a foreign key: the table is
-- made anew. Nothing refers to it, so foreign keys may stay on.
CREATE TABLE password_reset_tokens_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    created_at TEXT
) STRICT;
INSERT INTO password_reset_tokens_new (id, user_id, token, expires_at, used_at, created_at)
    SELECT id, user_id, token, expires_at, used_at, created_at FROM password_reset_tokens;
DROP TABLE password_reset_tokens;
ALTER TABLE password_reset_tokens_new RENAME TO password_reset_tokens;
CREATE UNIQUE INDEX ix_password_reset_tokens_token ON password_reset_tokens (token);
CREATE INDEX ix_password_reset_tokens_user_id ON password_reset_tokens (user_id);
