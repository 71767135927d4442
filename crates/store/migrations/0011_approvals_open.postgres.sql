-- How many questions of a workspace wait.
CREATE INDEX approvals_open ON approvals (workspace_id) WHERE status = 0;
