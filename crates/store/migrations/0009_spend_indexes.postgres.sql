-- Nothing asks for the entries of a wallet. (Purchases keep an index for each question: here it is one statement that
-- costs, not a page.)
DROP INDEX spend_entries_wallet;

-- 1 if the id says the row's number. Here they are all found by their index: nodes of before do not say it.
ALTER TABLE purchases ADD COLUMN numbered BIGINT NOT NULL DEFAULT 0;
