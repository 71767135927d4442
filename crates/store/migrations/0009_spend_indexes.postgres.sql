-- Nothing asks for the entries of a wallet. (Purchases keep an index for each question: here it is one statement that
-- costs, not a page.)
DROP INDEX spend_entries_wallet;
