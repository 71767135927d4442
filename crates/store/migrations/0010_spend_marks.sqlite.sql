-- How far hours and days are added up, in microseconds: sums of what begins before `until` are complete, and those up to
-- `closing` are being added up, so that who pays in them adds to them himself. No row is one of zeros.
CREATE TABLE spend_marks (
    workspace_id TEXT PRIMARY KEY,
    hours_until INTEGER NOT NULL,
    hours_closing INTEGER NOT NULL,
    days_until INTEGER NOT NULL,
    days_closing INTEGER NOT NULL,
    -- What is being added up: 0 nothing, 1 an hour, 2 an hour by wallets alone, 3 a day; and up to which of its sums.
    part INTEGER NOT NULL,
    wallet_id TEXT NOT NULL,
    vendor TEXT NOT NULL,
    category TEXT NOT NULL,
    agent_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
