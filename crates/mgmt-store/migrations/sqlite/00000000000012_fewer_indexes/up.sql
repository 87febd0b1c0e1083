-- A new key changes a page of each index of keys, of its window and of its event: what one index can do, two need not. The table of windows is
-- its own index.
DROP INDEX keys_by_maker;
DROP INDEX keys_by_state;
-- Active keys are counted in it alone.
CREATE INDEX keys_by_state ON keys (organization_id, state, kind, project_id, retires_at, expires_at);

DROP INDEX events_by_type;
DROP INDEX events_by_organization;
CREATE INDEX events_by_organization ON events (organization_id, id, event_type) WHERE webhook_id IS NULL;

CREATE TABLE new_reveals (
    key_id          TEXT    NOT NULL PRIMARY KEY REFERENCES keys (id),
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    creator         TEXT    NOT NULL,
    bucket          INTEGER NOT NULL,
    ciphertext      BLOB    NOT NULL,
    expires_at      INTEGER NOT NULL,
    reads_left      INTEGER NOT NULL CHECK (reads_left >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO new_reveals SELECT key_id, organization_id, creator, bucket, ciphertext, expires_at, reads_left FROM reveals;
DROP TABLE reveals;
ALTER TABLE new_reveals RENAME TO reveals;
CREATE INDEX reveals_by_end ON reveals (expires_at);
