-- Sheets are shared by both modes. `document` holds the whole object as JSON; the other columns are what lists ask for.
CREATE TABLE rate_sheets (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    slug            TEXT COLLATE "C" NOT NULL,
    document        TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0),
    UNIQUE (organization_id, slug)
);
CREATE INDEX rate_sheets_newest ON rate_sheets (organization_id, id);

-- Organizations that have been given the sheet that every one starts with.
CREATE TABLE rate_sheet_starts (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organizations (id)
);

-- `search` and `address` are in lower case, for searching in.
CREATE TABLE shipments (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    test_mode       BOOLEAN NOT NULL,
    status          TEXT NOT NULL,
    carrier_name    TEXT,
    service         TEXT,
    tracking_number TEXT COLLATE "C",
    tracker_id      TEXT COLLATE "C",
    reference       TEXT,
    order_id        TEXT,
    is_return       BOOLEAN NOT NULL,
    search          TEXT NOT NULL,
    address         TEXT NOT NULL,
    document        TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0)
);
CREATE INDEX shipments_newest ON shipments (organization_id, test_mode, id);
CREATE INDEX shipments_by_status ON shipments (organization_id, test_mode, status, id);
CREATE INDEX shipments_by_number ON shipments (organization_id, test_mode, tracking_number);

-- The members of a shipment's free objects, for finding shipments by them.
CREATE TABLE shipment_facets (
    shipment_id TEXT COLLATE "C" NOT NULL REFERENCES shipments (id),
    place       BIGINT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('metadata', 'options', 'meta')),
    name        TEXT NOT NULL,
    value       TEXT NOT NULL,
    PRIMARY KEY (shipment_id, place)
);

CREATE TABLE trackers (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    test_mode       BOOLEAN NOT NULL,
    tracking_number TEXT COLLATE "C" NOT NULL,
    carrier_name    TEXT NOT NULL,
    status          TEXT NOT NULL,
    search          TEXT NOT NULL,
    document        TEXT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0),
    UNIQUE (organization_id, test_mode, tracking_number)
);
CREATE INDEX trackers_newest ON trackers (organization_id, test_mode, id);
CREATE INDEX trackers_by_status ON trackers (organization_id, test_mode, status, id);
