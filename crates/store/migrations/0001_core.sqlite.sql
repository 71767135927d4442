-- Workspaces, keys, events, endpoints, deliveries.
-- Times are microseconds since 1970; sequence numbers rise in commit order; JSON is text.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT,
    permissions TEXT NOT NULL,
    agent_id TEXT,
    person TEXT,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_workspace ON api_keys (workspace_id);

CREATE TABLE namespaces (
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_answers (
    workspace_id TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (workspace_id, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_answers_expiry ON saved_answers (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE event_types (
    workspace_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    schema TEXT,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    namespace TEXT,
    occurred_at INTEGER NOT NULL,
    source TEXT,
    deliveries INTEGER NOT NULL,
    request_id TEXT,
    traceparent TEXT,
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_id ON events (workspace_id, id);
-- The row's seq is the last part of every index: a workspace's events in order.
CREATE INDEX events_workspace ON events (workspace_id);

CREATE TABLE endpoints (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    namespace TEXT,
    config TEXT NOT NULL,
    -- Signing secrets and request headers, sealed.
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX endpoints_workspace ON endpoints (workspace_id);
CREATE INDEX endpoints_deleted ON endpoints (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE endpoint_health (
    endpoint_id TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    failing_since INTEGER,
    last_success_at INTEGER,
    last_failure_at INTEGER,
    open_until INTEGER,
    opened INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE endpoint_hours (
    endpoint_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    latency TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    namespace TEXT,
    -- 0 pending, 1 success, 2 failed
    status INTEGER NOT NULL,
    -- While pending: when it may be attempted. While leased: when the lease ends.
    due_at INTEGER,
    leased_by INTEGER,
    attempts INTEGER NOT NULL,
    attempts_total INTEGER NOT NULL,
    status_code INTEGER,
    created_at INTEGER NOT NULL,
    last_attempt_at INTEGER,
    delivered_at INTEGER,
    ordering_key TEXT,
    replay INTEGER NOT NULL,
    last_error TEXT
) STRICT;
CREATE UNIQUE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id);
CREATE INDEX deliveries_event ON deliveries (event_seq);
-- Each endpoint's own due-queue; holds only what is owed.
CREATE INDEX deliveries_due ON deliveries (endpoint_id, due_at) WHERE status = 0;
CREATE INDEX deliveries_exempt ON deliveries (endpoint_id, due_at)
    WHERE status = 0 AND type = 'approval.requested';
CREATE INDEX deliveries_key ON deliveries (endpoint_id, ordering_key)
    WHERE status = 0 AND ordering_key IS NOT NULL;
CREATE INDEX deliveries_dead ON deliveries (workspace_id, endpoint_id) WHERE status = 2;

CREATE TABLE attempts (
    delivery_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    dns_us INTEGER,
    connect_us INTEGER,
    first_byte_us INTEGER,
    total_us INTEGER NOT NULL,
    remote TEXT,
    status_code INTEGER,
    error TEXT,
    request_headers TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    response_body TEXT,
    PRIMARY KEY (delivery_seq, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_endpoint ON jobs (endpoint_id);
CREATE INDEX jobs_open ON jobs (state) WHERE state = 'running';
