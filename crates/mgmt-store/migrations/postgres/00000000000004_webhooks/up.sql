-- Endpoints that events are sent to.
CREATE TABLE webhooks (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    url             TEXT NOT NULL,
    events          TEXT NOT NULL,
    active          BOOLEAN NOT NULL,
    description     TEXT,
    created_by      TEXT NOT NULL,
    secret          BYTEA NOT NULL,
    previous_secret BYTEA,
    previous_until  BIGINT,
    disabled_reason TEXT CHECK (disabled_reason IN ('failing', 'gone')),
    disabled_at     BIGINT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
    CHECK ((disabled_reason IS NULL) = (disabled_at IS NULL))
);
CREATE INDEX webhooks_by_organization ON webhooks (organization_id, id);

-- What an endpoint's deliveries have in common: when one of them is due at the earliest, whether they pause, and how they fare.
-- Apart from the endpoint, as it changes with every delivery.
CREATE TABLE webhook_queues (
    webhook_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES webhooks (id) ON DELETE CASCADE,
    due_at        BIGINT,
    paused_until  BIGINT NOT NULL,
    timeouts      BIGINT NOT NULL,
    failing_since BIGINT,
    failures      BIGINT NOT NULL
);
CREATE INDEX webhook_queues_due ON webhook_queues (due_at) WHERE due_at IS NOT NULL;

-- What happened. A row with a webhook_id is a sample for that endpoint alone. A waiting row has no deliveries yet.
CREATE TABLE events (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    event_type      TEXT COLLATE "C" NOT NULL,
    at              BIGINT NOT NULL,
    data            TEXT NOT NULL,
    webhook_id      TEXT COLLATE "C",
    waiting_since   BIGINT
);
CREATE INDEX events_by_organization ON events (organization_id, id) WHERE webhook_id IS NULL;
CREATE INDEX events_by_type ON events (organization_id, event_type, id) WHERE webhook_id IS NULL;
CREATE INDEX events_waiting ON events (waiting_since) WHERE waiting_since IS NOT NULL;

-- One event on its way to one endpoint. No foreign keys: what is left of a deleted endpoint goes with its age. While a node tries
-- it, lease holds that node's mark, and next_attempt_at is when others may take it over.
CREATE TABLE deliveries (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL,
    webhook_id      TEXT COLLATE "C" NOT NULL,
    event_id        TEXT COLLATE "C" NOT NULL,
    event_type      TEXT COLLATE "C" NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'dead')),
    tries           BIGINT NOT NULL,
    attempts        TEXT NOT NULL,
    next_attempt_at BIGINT,
    lease           TEXT COLLATE "C",
    created_at      BIGINT NOT NULL
);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_by_status ON deliveries (webhook_id, status, id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Parts of a quota that were reached, once a period and limit, until they are announced and after.
CREATE TABLE quota_marks (
    subject      TEXT COLLATE "C" NOT NULL,
    period       TEXT NOT NULL CHECK (period IN ('day', 'month')),
    period_start BIGINT NOT NULL,
    quota_limit  BIGINT NOT NULL,
    percent      BIGINT NOT NULL,
    used         BIGINT NOT NULL,
    waiting_since BIGINT,
    PRIMARY KEY (subject, period, period_start, quota_limit, percent)
);
CREATE INDEX quota_marks_waiting ON quota_marks (waiting_since) WHERE waiting_since IS NOT NULL;

-- Which notice of its coming end a key had last.
CREATE TABLE expiry_notices (
    key_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    days       BIGINT NOT NULL
);
CREATE INDEX keys_by_expiry ON keys (expires_at) WHERE expires_at IS NOT NULL AND state <> 'revoked';
