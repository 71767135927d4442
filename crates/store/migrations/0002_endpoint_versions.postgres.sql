-- What shaped the requests to an endpoint, for as long as some attempt may name it.
CREATE TABLE IF NOT EXISTS endpoint_versions (
    endpoint_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    config TEXT COLLATE "C" NOT NULL,
    -- The endpoint's own headers, sealed. Null: those the endpoint has now.
    sealed BYTEA,
    -- When the next version came; null for the newest.
    replaced_at BIGINT,
    PRIMARY KEY (endpoint_id, version)
);
CREATE INDEX IF NOT EXISTS endpoint_versions_replaced ON endpoint_versions (replaced_at)
    WHERE replaced_at IS NOT NULL;
-- Nothing can be sealed here: the first change of each endpoint seals its headers of before.
INSERT INTO endpoint_versions (endpoint_id, version, config)
    SELECT id, version, config FROM endpoints WHERE deleted_at IS NULL
    ON CONFLICT (endpoint_id, version) DO NOTHING;

-- Null: made before versions were kept.
ALTER TABLE attempts ADD COLUMN IF NOT EXISTS endpoint_version BIGINT;
