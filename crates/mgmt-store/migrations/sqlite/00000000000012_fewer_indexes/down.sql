CREATE TABLE old_reveals (
    key_id          TEXT    NOT NULL PRIMARY KEY REFERENCES keys (id),
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    creator         TEXT    NOT NULL,
    bucket          INTEGER NOT NULL,
    ciphertext      BLOB    NOT NULL,
    expires_at      INTEGER NOT NULL,
    reads_left      INTEGER NOT NULL CHECK (reads_left >= 0)
) STRICT;
INSERT INTO old_reveals SELECT key_id, organization_id, creator, bucket, ciphertext, expires_at, reads_left FROM reveals;
DROP TABLE reveals;
ALTER TABLE old_reveals RENAME TO reveals;
CREATE INDEX reveals_by_end ON reveals (expires_at);

DROP INDEX events_by_organization;
CREATE INDEX events_by_organization ON events (organization_id, id) WHERE webhook_id IS NULL;
CREATE INDEX events_by_type ON events (organization_id, event_type, id) WHERE webhook_id IS NULL;

DROP INDEX keys_by_state;
CREATE INDEX keys_by_state ON keys (organization_id, kind, state);
CREATE INDEX keys_by_maker ON keys (organization_id, created_by);
