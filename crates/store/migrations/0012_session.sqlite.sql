-- Browsers that logged in: each acts as a key. Tokens are keyed hashes, in hexadecimal.
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- 1: it was opened by a portal's link, and shows what a tenant is given.
    portal INTEGER NOT NULL,
    -- 1: it changes nothing, whatever its key may do.
    read_only INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Links that log in without a key: once, or (a portal's) until they expire.
CREATE TABLE session_links (
    hash TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    once INTEGER NOT NULL,
    portal INTEGER NOT NULL,
    read_only INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_links_expiry ON session_links (expires_at);
