DROP TABLE shipment_counts;
DROP INDEX shipment_facets_by_member;
DROP INDEX shipments_by_service;
DROP INDEX shipments_by_carrier;
DROP INDEX shipments_by_grams;
DROP FUNCTION mgmt_grams(TEXT, BOOLEAN, TEXT);
