-- The trigrams of a text as numbers, which differ from realm to realm: a search reads no posting list of another organization's
-- shipments. Two trigrams may have one number; whoever searches compares the texts as well.
CREATE FUNCTION mgmt_grams(organization_id TEXT, test_mode BOOLEAN, texts TEXT) RETURNS BIGINT[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT hashtextextended(($1 || $2::text || substr($3, place, 3)) COLLATE "C", 0)), '{}')
    FROM generate_series(1, length($3) - 2) AS place
$$;

-- A small list of what is not merged yet: every search reads it whole.
CREATE INDEX shipments_by_grams ON shipments USING gin (mgmt_grams(organization_id, test_mode, search || E'\n' || address))
    WITH (gin_pending_list_limit = 256);
CREATE INDEX shipments_by_carrier ON shipments (organization_id, test_mode, carrier_name, id);
CREATE INDEX shipments_by_service ON shipments (organization_id, test_mode, service, id);
CREATE INDEX shipment_facets_by_member ON shipment_facets (name, value, shipment_id);

-- What is searched in is in lower case.
UPDATE shipments SET reference = lower(reference), order_id = lower(order_id), tracking_number = lower(tracking_number);

-- How many shipments are alike in what lists ask for most, kept by whoever adds or changes one. `day` is the day on which they were made,
-- since 1970 in UTC; ids begin with the milliseconds. `slot` spreads those who write at a time: only the sum over all slots has a
-- meaning. No carrier and no service are empty texts.
CREATE TABLE shipment_counts (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    test_mode       BOOLEAN NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    carrier_name    TEXT COLLATE "C" NOT NULL,
    service         TEXT COLLATE "C" NOT NULL,
    has_tracker     BOOLEAN NOT NULL,
    is_return       BOOLEAN NOT NULL,
    day             BIGINT NOT NULL,
    slot            BIGINT NOT NULL,
    shipments       BIGINT NOT NULL,
    PRIMARY KEY (organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, day, slot)
);
INSERT INTO shipment_counts
SELECT organization_id, test_mode, status, coalesce(carrier_name, ''), coalesce(service, ''), tracker_id IS NOT NULL, is_return,
    ('x' || substr(id, 5, 12))::bit(48)::bigint / 86400000, 0, count(*)
FROM shipments GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
