-- Files that several machines index together (findme index --shared), which only a server lets them do: here the table
-- stays empty.
CREATE TABLE index_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL,
    path BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    state TEXT NOT NULL,            -- ready, leased or dead
    attempt INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    worker TEXT,                    -- while it is leased
    queued_at TEXT NOT NULL,
    error TEXT                      -- of the last attempt that came to nothing
) STRICT;
-- One job a file.
CREATE UNIQUE INDEX index_jobs_event_id_path_model_id_key ON index_jobs (event_id, path, model_id);
