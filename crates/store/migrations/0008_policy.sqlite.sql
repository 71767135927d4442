-- Policies, every version of them, and what is counted for them.
CREATE TABLE policies (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    namespace TEXT,
    -- The version that is in force.
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX policies_workspace ON policies (workspace_id);

-- What people set, and since when. Never changed: decisions name versions.
CREATE TABLE policy_versions (
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    rules TEXT NOT NULL,
    otherwise TEXT NOT NULL,
    agents TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (policy_id, version)
) STRICT, WITHOUT ROWID;

ALTER TABLE wallets ADD COLUMN policy_id TEXT;
CREATE INDEX wallets_policy ON wallets (policy_id) WHERE policy_id IS NOT NULL;

-- What was granted in a period over what a policy is attached to, in whole dollars and the nano-dollars that are
-- left. A sum that is not here is made from purchases.
CREATE TABLE policy_sums (
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    within TEXT NOT NULL,
    sandbox INTEGER NOT NULL,
    -- 0 day, 1 month
    span INTEGER NOT NULL,
    start INTEGER NOT NULL,
    dollars INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, kind, name, within, sandbox, span, start)
) STRICT, WITHOUT ROWID;

-- Requests that a policy did not let through.
CREATE TABLE policy_denials (
    seq INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    namespace TEXT,
    wallet_id TEXT NOT NULL,
    agent_id TEXT,
    run_id TEXT,
    amount INTEGER NOT NULL,
    vendor TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT,
    memo TEXT,
    rail TEXT,
    metadata TEXT,
    sandbox INTEGER NOT NULL,
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    rule TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX policy_denials_workspace ON policy_denials (workspace_id);
