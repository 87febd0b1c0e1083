-- Events on their way to webhooks of projects. Deleting the webhook, or its project, deletes them. While a node tries one, lease
-- holds that node's mark, and next_attempt_at is when others may take it over.
CREATE TABLE send_outs (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    project_id      TEXT COLLATE "C" NOT NULL,
    webhook_id      TEXT COLLATE "C" NOT NULL REFERENCES project_parts (id) ON DELETE CASCADE,
    event_type      TEXT NOT NULL,
    body            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'dead')),
    tries           BIGINT NOT NULL,
    attempts        TEXT NOT NULL,
    next_attempt_at BIGINT,
    lease           TEXT COLLATE "C",
    created_at      BIGINT NOT NULL
);
CREATE INDEX send_outs_by_webhook ON send_outs (webhook_id, id);
CREATE INDEX send_outs_due ON send_outs (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
