CREATE INDEX shipments_by_carrier ON shipments (organization_id, test_mode, carrier_name, id);
CREATE INDEX shipments_by_service ON shipments (organization_id, test_mode, service, id);
CREATE INDEX shipment_facets_by_member ON shipment_facets (name, value, shipment_id);

-- What is searched in is in lower case.
UPDATE shipments SET reference = lower(reference), order_id = lower(order_id), tracking_number = lower(tracking_number);

-- How many shipments are alike in what lists ask for most, kept by whoever adds or changes one. `day` is the day on which they were made,
-- since 1970 in UTC; ids begin with the milliseconds. `slot` spreads those who write at a time: only the sum over all slots has a
-- meaning. No carrier and no service are empty texts.
CREATE TABLE shipment_counts (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    test_mode       INTEGER NOT NULL CHECK (test_mode IN (0, 1)),
    status          TEXT NOT NULL,
    carrier_name    TEXT NOT NULL,
    service         TEXT NOT NULL,
    has_tracker     INTEGER NOT NULL CHECK (has_tracker IN (0, 1)),
    is_return       INTEGER NOT NULL CHECK (is_return IN (0, 1)),
    day             INTEGER NOT NULL,
    slot            INTEGER NOT NULL,
    shipments       INTEGER NOT NULL,
    PRIMARY KEY (organization_id, test_mode, status, carrier_name, service, has_tracker, is_return, day, slot)
) STRICT;
INSERT INTO shipment_counts
SELECT organization_id, test_mode, status, coalesce(carrier_name, ''), coalesce(service, ''), tracker_id IS NOT NULL, is_return,
    ((instr('0123456789abcdef', substr(id, 5, 1)) - 1) * 17592186044416 +
    (instr('0123456789abcdef', substr(id, 6, 1)) - 1) * 1099511627776 +
    (instr('0123456789abcdef', substr(id, 7, 1)) - 1) * 68719476736 +
    (instr('0123456789abcdef', substr(id, 8, 1)) - 1) * 4294967296 +
    (instr('0123456789abcdef', substr(id, 9, 1)) - 1) * 268435456 +
    (instr('0123456789abcdef', substr(id, 10, 1)) - 1) * 16777216 +
    (instr('0123456789abcdef', substr(id, 11, 1)) - 1) * 1048576 +
    (instr('0123456789abcdef', substr(id, 12, 1)) - 1) * 65536 +
    (instr('0123456789abcdef', substr(id, 13, 1)) - 1) * 4096 +
    (instr('0123456789abcdef', substr(id, 14, 1)) - 1) * 256 +
    (instr('0123456789abcdef', substr(id, 15, 1)) - 1) * 16 +
    (instr('0123456789abcdef', substr(id, 16, 1)) - 1) * 1) / 86400000, 0, count(*)
FROM shipments GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
