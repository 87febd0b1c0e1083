-- The id of the request that made it; unknown of those that were made before.
ALTER TABLE trackers ADD COLUMN request_id TEXT;
CREATE INDEX trackers_by_request ON trackers (organization_id, test_mode, request_id) WHERE request_id IS NOT NULL;
