-- Events on their way to webhooks of projects. Deleting the webhook, or its project, deletes them. While a node tries one, lease
-- holds that node's mark, and next_attempt_at is when others may take it over.
CREATE TABLE send_outs (
    id              TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    project_id      TEXT NOT NULL,
    webhook_id      TEXT NOT NULL REFERENCES project_parts (id) ON DELETE CASCADE,
    event_type      TEXT NOT NULL,
    body            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'dead')),
    tries           INTEGER NOT NULL,
    attempts        TEXT NOT NULL,
    next_attempt_at INTEGER,
    lease           TEXT,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX send_outs_by_webhook ON send_outs (webhook_id, id);
CREATE INDEX send_outs_due ON send_outs (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
