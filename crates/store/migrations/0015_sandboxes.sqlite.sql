-- Workspaces of the playground, which go with everything in them.
CREATE TABLE sandboxes (
    workspace_id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sandboxes_created ON sandboxes (created_at);
