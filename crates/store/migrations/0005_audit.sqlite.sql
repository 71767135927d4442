-- Who did what: one chain per workspace, numbered from 1 without gaps. Rows are inserted, never changed.
CREATE TABLE audit (
    workspace_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    namespace TEXT,
    detail TEXT NOT NULL,
    request_id TEXT,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (workspace_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_subject ON audit (workspace_id, subject, seq);
