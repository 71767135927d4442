-- Wallets, purchases, and what is counted of them. Amounts are whole nano-dollars.
CREATE TABLE wallets (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    workspace_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C",
    parent_id TEXT COLLATE "C",
    depth BIGINT NOT NULL,
    sandbox BIGINT NOT NULL,
    budget BIGINT NOT NULL CHECK (budget >= 0),
    period TEXT COLLATE "C" NOT NULL,
    zone TEXT COLLATE "C" NOT NULL,
    limits TEXT COLLATE "C" NOT NULL,
    thresholds TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    status_reason TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- How it stands in its present period.
    period_start BIGINT NOT NULL,
    period_end BIGINT,
    spent BIGINT NOT NULL CHECK (spent >= 0),
    held BIGINT NOT NULL CHECK (held >= 0),
    told_percent BIGINT NOT NULL,
    denied_count BIGINT NOT NULL,
    last_purchase_id TEXT COLLATE "C",
    pulse TEXT COLLATE "C" NOT NULL
);
CREATE INDEX wallets_workspace ON wallets (workspace_id, seq);
CREATE INDEX wallets_parent ON wallets (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE purchases (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    hold_id TEXT COLLATE "C",
    workspace_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    wallet_id TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C",
    run_id TEXT COLLATE "C",
    -- 0 held, 1 succeeded, 2 voided, 3 failed, 4 expired
    status BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    captured BIGINT NOT NULL CHECK (captured BETWEEN 0 AND amount),
    refunded BIGINT NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    vendor TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C",
    memo TEXT COLLATE "C",
    rail TEXT COLLATE "C",
    metadata TEXT COLLATE "C",
    sandbox BIGINT NOT NULL,
    -- The same for all purchases of a wallet with this vendor and amount.
    likeness BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    ended_at BIGINT,
    error_code TEXT COLLATE "C",
    error_message TEXT COLLATE "C"
);
CREATE UNIQUE INDEX purchases_id ON purchases (id);
CREATE UNIQUE INDEX purchases_hold ON purchases (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX purchases_workspace ON purchases (workspace_id, seq);
CREATE INDEX purchases_wallet ON purchases (wallet_id, seq);
CREATE INDEX purchases_likeness ON purchases (likeness, seq);
-- Holds that are one still, by when they release themselves.
CREATE INDEX purchases_held ON purchases (expires_at, workspace_id) WHERE status = 0;

CREATE TABLE refunds (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    purchase_id TEXT COLLATE "C" NOT NULL,
    workspace_id TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    reason TEXT COLLATE "C",
    created_at BIGINT NOT NULL
);
CREATE INDEX refunds_purchase ON refunds (purchase_id, seq);

-- Money that moved for good: what was paid, and, negative, what came back. Never changed.
CREATE TABLE spend_entries (
    workspace_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    namespace TEXT COLLATE "C",
    wallet_id TEXT COLLATE "C" NOT NULL,
    purchase_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    nanos BIGINT NOT NULL,
    count BIGINT NOT NULL,
    vendor TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (workspace_id, at, seq)
);
CREATE INDEX spend_entries_wallet ON spend_entries (wallet_id, at);

-- Sums of entries by minute (level 0) and by day (level 1), in whole dollars and the nano-dollars that are
-- left of each: sums that no integer of nano-dollars holds.
CREATE TABLE spend_sums (
    workspace_id TEXT COLLATE "C" NOT NULL,
    level BIGINT NOT NULL,
    at BIGINT NOT NULL,
    wallet_id TEXT COLLATE "C" NOT NULL,
    vendor TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    dollars BIGINT NOT NULL,
    nanos BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, level, at, wallet_id, vendor, category, agent_id)
);

-- Sums of entries by hour, likewise.
CREATE TABLE spend_hours (
    workspace_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    wallet_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    dollars BIGINT NOT NULL,
    nanos BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, at, wallet_id)
);

-- Each grant of the last minute, for wallets with a maximum for it.
CREATE TABLE spend_moments (
    wallet_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    nanos BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, at, seq)
);

-- What each wallet granted in the minutes that spikes are told from.
CREATE TABLE wallet_minutes (
    wallet_id TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    nanos BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, minute)
);

-- For people and their tools: a stable interface. Whoever writes an entry writes this too.
CREATE TABLE spending_events (
    event_id TEXT COLLATE "C" NOT NULL,
    wallet_id TEXT COLLATE "C" NOT NULL,
    amount_usd NUMERIC(20, 9) NOT NULL,
    vendor TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX spending_events_wallet ON spending_events (wallet_id, created_at);
CREATE INDEX spending_events_time ON spending_events (created_at);

CREATE FUNCTION bellwire_spending_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO spending_events (event_id, wallet_id, amount_usd, vendor, description, created_at)
    -- A product is exact; a quotient of large amounts would be rounded to eight decimals.
    SELECT event_id, wallet_id, nanos * 0.000000001, vendor, description,
        'epoch'::timestamptz + at * interval '1 microsecond'
    FROM fresh;
    RETURN NULL;
END
$$;
CREATE TRIGGER spend_entries_told AFTER INSERT ON spend_entries
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION bellwire_spending_event();
