-- Who did what: one chain per workspace, numbered from 1 without gaps. Rows are inserted, never changed.
CREATE TABLE IF NOT EXISTS audit (
    workspace_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    detail TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C",
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);
CREATE INDEX IF NOT EXISTS audit_subject ON audit (workspace_id, subject, seq);
