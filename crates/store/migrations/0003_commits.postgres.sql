-- The last commit of each writing connection: proof that it happened. The number of a transaction is no
-- proof, for after a crash of the database it may be given again.
CREATE TABLE commits (
    node BIGINT NOT NULL,
    lane BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (node, lane)
) WITH (fillfactor = 20);
