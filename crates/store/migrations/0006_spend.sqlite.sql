-- Wallets, purchases, and what is counted of them. Amounts are whole nano-dollars.
CREATE TABLE wallets (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    namespace TEXT,
    name TEXT NOT NULL,
    agent_id TEXT,
    parent_id TEXT,
    depth INTEGER NOT NULL,
    sandbox INTEGER NOT NULL,
    budget INTEGER NOT NULL CHECK (budget >= 0),
    period TEXT NOT NULL,
    zone TEXT NOT NULL,
    limits TEXT NOT NULL,
    thresholds TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- How it stands in its present period.
    period_start INTEGER NOT NULL,
    period_end INTEGER,
    spent INTEGER NOT NULL CHECK (spent >= 0),
    held INTEGER NOT NULL CHECK (held >= 0),
    told_percent INTEGER NOT NULL,
    denied_count INTEGER NOT NULL,
    last_purchase_id TEXT,
    pulse TEXT NOT NULL
) STRICT;
CREATE INDEX wallets_workspace ON wallets (workspace_id);
CREATE INDEX wallets_parent ON wallets (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE purchases (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    hold_id TEXT,
    workspace_id TEXT NOT NULL,
    namespace TEXT,
    wallet_id TEXT NOT NULL,
    agent_id TEXT,
    run_id TEXT,
    -- 0 held, 1 succeeded, 2 voided, 3 failed, 4 expired
    status INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    captured INTEGER NOT NULL CHECK (captured BETWEEN 0 AND amount),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    vendor TEXT NOT NULL,
    description TEXT NOT NULL,
    category TEXT,
    memo TEXT,
    rail TEXT,
    metadata TEXT,
    sandbox INTEGER NOT NULL,
    -- The same for all purchases of a wallet with this vendor and amount.
    likeness INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    ended_at INTEGER,
    error_code TEXT,
    error_message TEXT
) STRICT;
CREATE UNIQUE INDEX purchases_id ON purchases (id);
CREATE UNIQUE INDEX purchases_hold ON purchases (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX purchases_workspace ON purchases (workspace_id);
CREATE INDEX purchases_wallet ON purchases (wallet_id);
CREATE INDEX purchases_likeness ON purchases (likeness);
-- Holds that are one still, by when they release themselves.
CREATE INDEX purchases_held ON purchases (expires_at, workspace_id) WHERE status = 0;

CREATE TABLE refunds (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    purchase_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_purchase ON refunds (purchase_id);

-- Money that moved for good: what was paid, and, negative, what came back. Never changed.
CREATE TABLE spend_entries (
    workspace_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    namespace TEXT,
    wallet_id TEXT NOT NULL,
    purchase_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    nanos INTEGER NOT NULL,
    count INTEGER NOT NULL,
    vendor TEXT NOT NULL,
    category TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    description TEXT NOT NULL,
    PRIMARY KEY (workspace_id, at, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_entries_wallet ON spend_entries (wallet_id, at);

-- Sums of entries by minute (level 0) and by day (level 1), in whole dollars and the nano-dollars that are
-- left of each: sums that no integer of nano-dollars holds.
CREATE TABLE spend_sums (
    workspace_id TEXT NOT NULL,
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    wallet_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    category TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    namespace TEXT,
    dollars INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, level, at, wallet_id, vendor, category, agent_id)
) STRICT, WITHOUT ROWID;

-- Sums of entries by hour, likewise.
CREATE TABLE spend_hours (
    workspace_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    wallet_id TEXT NOT NULL,
    namespace TEXT,
    dollars INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, at, wallet_id)
) STRICT, WITHOUT ROWID;

-- Each grant of the last minute, for wallets with a maximum for it.
CREATE TABLE spend_moments (
    wallet_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    PRIMARY KEY (wallet_id, at, seq)
) STRICT, WITHOUT ROWID;

-- What each wallet granted in the minutes that spikes are told from.
CREATE TABLE wallet_minutes (
    wallet_id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    PRIMARY KEY (wallet_id, minute)
) STRICT, WITHOUT ROWID;

-- For people and their tools: a stable interface.
CREATE VIEW spending_events AS
SELECT event_id, wallet_id, nanos / 1000000000.0 AS amount_usd, vendor, description,
    strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000000.0, 'unixepoch') AS created_at
FROM spend_entries;
