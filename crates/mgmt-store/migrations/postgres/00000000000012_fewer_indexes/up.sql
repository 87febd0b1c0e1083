-- A new key adds to each index of keys and of its event: what one index can do, two need not.
DROP INDEX keys_by_maker;
DROP INDEX keys_by_state;
CREATE INDEX keys_by_state ON keys (organization_id, state, kind);

DROP INDEX events_by_type;
DROP INDEX events_by_organization;
CREATE INDEX events_by_organization ON events (organization_id, id, event_type) WHERE webhook_id IS NULL;

-- Takes an organization's lock, then counts its keys that count against the limit of active ones. NULL when there is no such organization.
-- The count is a statement of its own, which sees what was committed while the lock was waited for.
CREATE FUNCTION mgmt_count_keys(organization TEXT, wanted TEXT, moment BIGINT) RETURNS BIGINT
LANGUAGE plpgsql VOLATILE STRICT AS $$
BEGIN
    PERFORM 1 FROM organizations WHERE id = organization FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT count(*) FROM keys WHERE organization_id = organization AND kind = wanted AND project_id IS NULL
        AND state IN ('active', 'suspended') AND retires_at IS NULL AND (expires_at IS NULL OR expires_at > moment));
END
$$;
