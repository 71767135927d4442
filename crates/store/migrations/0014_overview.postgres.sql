-- What attempts of the last hours came to, minute by minute: for the overview. Swept.
CREATE TABLE endpoint_minutes (
    endpoint_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    -- Attempts by latency in milliseconds.
    under_1 BIGINT NOT NULL,
    under_2 BIGINT NOT NULL,
    under_4 BIGINT NOT NULL,
    under_8 BIGINT NOT NULL,
    under_16 BIGINT NOT NULL,
    under_32 BIGINT NOT NULL,
    under_64 BIGINT NOT NULL,
    under_128 BIGINT NOT NULL,
    under_256 BIGINT NOT NULL,
    under_512 BIGINT NOT NULL,
    under_1024 BIGINT NOT NULL,
    under_2048 BIGINT NOT NULL,
    under_4096 BIGINT NOT NULL,
    under_8192 BIGINT NOT NULL,
    under_16384 BIGINT NOT NULL,
    longer BIGINT NOT NULL,
    PRIMARY KEY (endpoint_id, at)
);
CREATE INDEX endpoint_minutes_at ON endpoint_minutes (at);

-- What people should look at: the newest are found among millions of other events.
CREATE INDEX events_alerts ON events (workspace_id, seq)
    WHERE type IN ('abuse.detected', 'budget.exhausted', 'budget.threshold', 'endpoint.disabled', 'spend.spike', 'wallet.frozen');
