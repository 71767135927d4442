-- What shaped the requests to an endpoint, for as long as some attempt may name it.
CREATE TABLE endpoint_versions (
    endpoint_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    config TEXT NOT NULL,
    -- The endpoint's own headers, sealed. Null: those the endpoint has now.
    sealed BLOB,
    -- When the next version came; null for the newest.
    replaced_at INTEGER,
    PRIMARY KEY (endpoint_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoint_versions_replaced ON endpoint_versions (replaced_at) WHERE replaced_at IS NOT NULL;
-- Nothing can be sealed here: the first change of each endpoint seals its headers of before.
INSERT INTO endpoint_versions (endpoint_id, version, config)
    SELECT id, version, config FROM endpoints WHERE deleted_at IS NULL;

-- Null: made before versions were kept.
ALTER TABLE attempts ADD COLUMN endpoint_version INTEGER;
