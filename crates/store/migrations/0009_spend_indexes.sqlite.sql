-- Nothing asks for the entries of a wallet.
DROP INDEX spend_entries_wallet;
-- One index finds a wallet's purchases in order, minute by minute (numbers are about the time in microseconds), and
-- in each minute those that are alike: with many wallets every index costs a purchase a page of its own.
DROP INDEX purchases_likeness;
DROP INDEX purchases_wallet;
CREATE INDEX purchases_wallet ON purchases (wallet_id, seq / 60000000, likeness);

-- 1 if the id says the row's number: then it needs no index.
ALTER TABLE purchases ADD COLUMN numbered INTEGER NOT NULL DEFAULT 0;
DROP INDEX purchases_id;
CREATE UNIQUE INDEX purchases_id ON purchases (id) WHERE numbered = 0;
