-- Who tells every event to a log elsewhere: how far each is, and which node is at it until when.
CREATE TABLE IF NOT EXISTS publishers (
    name TEXT COLLATE "C" PRIMARY KEY,
    -- The sequence number of the last event that the log confirmed.
    cursor BIGINT NOT NULL,
    leased_by BIGINT,
    leased_until BIGINT
);
