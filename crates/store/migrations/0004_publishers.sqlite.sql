-- Who tells every event to a log elsewhere: how far each is, and which node is at it until when.
CREATE TABLE publishers (
    name TEXT PRIMARY KEY,
    -- The sequence number of the last event that the log confirmed.
    cursor INTEGER NOT NULL,
    leased_by INTEGER,
    leased_until INTEGER
) STRICT, WITHOUT ROWID;
