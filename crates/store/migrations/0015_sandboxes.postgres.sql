-- Workspaces of the playground, which go with everything in them.
CREATE TABLE sandboxes (
    workspace_id TEXT COLLATE "C" PRIMARY KEY,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sandboxes_created ON sandboxes (created_at);
