-- The embedded engine notes here which purchases are their own entries. Always null on this one: here an entry is a row
-- of a statement that is made anyway, and nodes of before look for entries among entries alone.
ALTER TABLE purchases ADD COLUMN event_id TEXT COLLATE "C";
