CREATE INDEX shipments_by_carrier ON shipments (organization_id, test_mode, carrier_name, id);
CREATE INDEX shipments_by_service ON shipments (organization_id, test_mode, service, id);
CREATE INDEX shipment_facets_by_member ON shipment_facets (name, value, shipment_id);

-- What is searched in is in lower case.
UPDATE shipments SET reference = lower(reference), order_id = lower(order_id), tracking_number = lower(tracking_number);

-- How many shipments are alike in what lists ask for most, kept by whoever adds or changes one. `slot` spreads those who do so at a
-- time; only the sum over all slots has a meaning. No carrier and no service are empty texts.
CREATE TABLE shipment_counts (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    test_mode       INTEGER NOT NULL CHECK (test_mode IN (0, 1)),
    status          TEXT NOT NULL,
    carrier_name    TEXT NOT NULL,
    service         TEXT NOT NULL,
    has_tracker     INTEGER NOT NULL CHECK (has_tracker IN (0, 1)),
    is_return       INTEGER NOT NULL CHECK (is_return IN (0, 1)),
    slot            INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    PRIMARY KEY (organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, slot)
) STRICT;
INSERT INTO shipment_counts
SELECT organization_id, test_mode, status, coalesce(carrier_name, ''), coalesce(service, ''), tracker_id IS NOT NULL, is_return, 0, count(*)
FROM shipments GROUP BY 1, 2, 3, 4, 5, 6, 7;
