-- The event that told of a purchase which was paid when it was made: the row is its own entry then, and has none among
-- spend_entries. Null where entries say what was paid: of captured holds, and of purchases of before.
ALTER TABLE purchases ADD COLUMN event_id TEXT;

-- For people and their tools, as before.
DROP VIEW spending_events;
CREATE VIEW spending_events AS
SELECT event_id, wallet_id, nanos / 1000000000.0 AS amount_usd, vendor, description,
    strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000000.0, 'unixepoch') AS created_at
FROM spend_entries
UNION ALL
SELECT event_id, wallet_id, captured / 1000000000.0, vendor, description,
    strftime('%Y-%m-%dT%H:%M:%fZ', created_at / 1000000.0, 'unixepoch')
FROM purchases WHERE event_id IS NOT NULL;
