-- How far hours and days are added up, in microseconds: sums of what begins before `until` are complete, and those up to
-- `closing` are being added up, so that who pays in them adds to them himself. No row is one of zeros.
CREATE TABLE spend_marks (
    workspace_id TEXT COLLATE "C" PRIMARY KEY,
    hours_until BIGINT NOT NULL,
    hours_closing BIGINT NOT NULL,
    days_until BIGINT NOT NULL,
    days_closing BIGINT NOT NULL,
    -- What is being added up: 0 nothing, 1 an hour, 2 an hour by wallets alone, 3 a day; and up to which of its sums.
    part BIGINT NOT NULL,
    wallet_id TEXT COLLATE "C" NOT NULL,
    vendor TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    agent_id TEXT COLLATE "C" NOT NULL
);
