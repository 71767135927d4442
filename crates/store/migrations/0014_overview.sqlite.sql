-- What attempts of the last hours came to, minute by minute: for the overview. Swept.
CREATE TABLE endpoint_minutes (
    endpoint_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    -- Attempts by latency in milliseconds.
    under_1 INTEGER NOT NULL,
    under_2 INTEGER NOT NULL,
    under_4 INTEGER NOT NULL,
    under_8 INTEGER NOT NULL,
    under_16 INTEGER NOT NULL,
    under_32 INTEGER NOT NULL,
    under_64 INTEGER NOT NULL,
    under_128 INTEGER NOT NULL,
    under_256 INTEGER NOT NULL,
    under_512 INTEGER NOT NULL,
    under_1024 INTEGER NOT NULL,
    under_2048 INTEGER NOT NULL,
    under_4096 INTEGER NOT NULL,
    under_8192 INTEGER NOT NULL,
    under_16384 INTEGER NOT NULL,
    longer INTEGER NOT NULL,
    PRIMARY KEY (endpoint_id, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoint_minutes_at ON endpoint_minutes (at);

-- What people should look at: the newest are found among millions of other events.
CREATE INDEX events_alerts ON events (workspace_id)
    WHERE type IN ('abuse.detected', 'budget.exhausted', 'budget.threshold', 'endpoint.disabled', 'spend.spike', 'wallet.frozen');
