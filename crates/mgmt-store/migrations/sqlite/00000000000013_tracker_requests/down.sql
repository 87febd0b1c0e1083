DROP INDEX trackers_by_request;
ALTER TABLE trackers DROP COLUMN request_id;
