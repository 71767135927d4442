-- Policies, every version of them, and what is counted for them.
CREATE TABLE policies (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    workspace_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    -- The version that is in force.
    version BIGINT NOT NULL CHECK (version >= 1),
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX policies_workspace ON policies (workspace_id, seq);

-- What people set, and since when. Never changed: decisions name versions.
CREATE TABLE policy_versions (
    policy_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    rules TEXT COLLATE "C" NOT NULL,
    otherwise TEXT COLLATE "C" NOT NULL,
    agents TEXT COLLATE "C" NOT NULL,
    namespaces TEXT COLLATE "C" NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (policy_id, version)
);

ALTER TABLE wallets ADD COLUMN policy_id TEXT COLLATE "C";
CREATE INDEX wallets_policy ON wallets (policy_id) WHERE policy_id IS NOT NULL;

-- What was granted in a period over what a policy is attached to, in whole dollars and the nano-dollars that are
-- left. A sum that is not here is made from purchases.
CREATE TABLE policy_sums (
    workspace_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    within TEXT COLLATE "C" NOT NULL,
    sandbox BIGINT NOT NULL,
    -- 0 day, 1 month
    span BIGINT NOT NULL,
    start BIGINT NOT NULL,
    dollars BIGINT NOT NULL,
    nanos BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, kind, name, within, sandbox, span, start)
);

-- Requests that a policy did not let through.
CREATE TABLE policy_denials (
    seq BIGINT PRIMARY KEY,
    workspace_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    wallet_id TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C",
    run_id TEXT COLLATE "C",
    amount BIGINT NOT NULL,
    vendor TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C",
    memo TEXT COLLATE "C",
    rail TEXT COLLATE "C",
    metadata TEXT COLLATE "C",
    sandbox BIGINT NOT NULL,
    policy_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX policy_denials_workspace ON policy_denials (workspace_id, seq);
