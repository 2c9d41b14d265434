-- Accounts that can be trusted: attempts are counted, tokens are kept as hashes, selfies with their consent, and what was
-- done to whom is written down.

-- Wrong passwords in a row, and until when no password is taken. Sessions of an earlier session_version are over.
ALTER TABLE users ADD COLUMN failed_logins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN blocked_until TEXT;
ALTER TABLE users ADD COLUMN session_version INTEGER NOT NULL DEFAULT 0;

-- When the faces of an event past its retention were erased.
ALTER TABLE events ADD COLUMN purged_at TEXT;

-- When the faces of a photo were last compared with the guests' references; those that were not yet are few.
ALTER TABLE photo_models ADD COLUMN matched_at TEXT;
CREATE INDEX photo_models_unmatched ON photo_models (photo_id) WHERE matched_at IS NULL;

-- Of a token only the SHA-256 is kept. One that was used or voided stays until it is pruned, to be told apart in the audit.
CREATE TABLE account_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    voided_at TEXT
) STRICT;
CREATE UNIQUE INDEX account_tokens_token_hash_key ON account_tokens (token_hash);
CREATE INDEX account_tokens_user_id ON account_tokens (user_id);

-- Who agreed to which text, and when.
CREATE TABLE consents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    text_version TEXT NOT NULL,
    given_at TEXT NOT NULL,
    recorded_by TEXT NOT NULL       -- as in the audit
) STRICT;
CREATE INDEX consents_user_id ON consents (user_id);

-- A guest's references. The pictures are not kept.
CREATE TABLE selfies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    consent_id INTEGER NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    template BLOB NOT NULL,         -- float32 little-endian
    height_px REAL NOT NULL,
    sharpness REAL NOT NULL,
    yaw REAL NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX selfies_user_id ON selfies (user_id);
CREATE INDEX selfies_consent_id ON selfies (consent_id);

-- Each row's hash covers the row and the hash before it. Ids only: no name, no e-mail, no secret.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY,         -- counts up by one, without gaps
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,          -- as in user:12; empty when there is none
    detail TEXT NOT NULL,           -- as in rule=wrong_password
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_log_keeps_values BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
BEGIN SELECT raise(ABORT, 'the audit log is only ever added to'); END;

-- The end of the chain: writers queue for this one row.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last_id INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, last_id, hash) VALUES (1, 0, zeroblob(32));
