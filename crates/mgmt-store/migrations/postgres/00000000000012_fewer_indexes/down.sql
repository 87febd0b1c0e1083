DROP FUNCTION mgmt_count_keys(TEXT, TEXT, BIGINT);

DROP INDEX events_by_organization;
CREATE INDEX events_by_organization ON events (organization_id, id) WHERE webhook_id IS NULL;
CREATE INDEX events_by_type ON events (organization_id, event_type, id) WHERE webhook_id IS NULL;

DROP INDEX keys_by_state;
CREATE INDEX keys_by_state ON keys (organization_id, kind, state);
CREATE INDEX keys_by_maker ON keys (organization_id, created_by);
