-- Browsers that logged in: each acts as a key. Tokens are keyed hashes, in hexadecimal.
CREATE TABLE sessions (
    hash TEXT COLLATE "C" PRIMARY KEY,
    workspace_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    -- 1: it was opened by a portal's link, and shows what a tenant is given.
    portal BIGINT NOT NULL,
    -- 1: it changes nothing, whatever its key may do.
    read_only BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Links that log in without a key: once, or (a portal's) until they expire.
CREATE TABLE session_links (
    hash TEXT COLLATE "C" PRIMARY KEY,
    workspace_id TEXT COLLATE "C" NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    once BIGINT NOT NULL,
    portal BIGINT NOT NULL,
    read_only BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_links_expiry ON session_links (expires_at);
