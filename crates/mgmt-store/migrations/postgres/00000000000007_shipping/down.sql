DROP TABLE trackers;
DROP TABLE shipment_facets;
DROP TABLE shipments;
DROP TABLE rate_sheet_starts;
DROP TABLE rate_sheets;
