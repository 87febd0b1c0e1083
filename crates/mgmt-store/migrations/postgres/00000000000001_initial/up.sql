-- Ids are in their display form, which is ordered by time; COLLATE "C" keeps that order.
-- Times are milliseconds since the Unix epoch. JSON is text.

CREATE TABLE organizations (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    slug          TEXT COLLATE "C" NOT NULL UNIQUE,
    plan          TEXT NOT NULL CHECK (plan IN ('self_hosted', 'scale', 'enterprise')),
    state         TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    -- 1 for the operator's, and there is one 1 only.
    operator_slot BIGINT UNIQUE CHECK (operator_slot = 1),
    address       TEXT,
    metadata      TEXT NOT NULL,
    quota_limit   BIGINT CHECK (quota_limit > 0),
    quota_period  TEXT CHECK (quota_period IN ('day', 'month')),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL CHECK (version > 0),
    -- Counts up when a transaction takes the organization's lock: the row's own lock is what counts.
    lock_count    BIGINT NOT NULL,
    CHECK ((quota_limit IS NULL) = (quota_period IS NULL))
);

CREATE TABLE users (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email         TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);

CREATE TABLE memberships (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'member', 'viewer')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id, created_at);
CREATE INDEX memberships_by_role ON memberships (organization_id, role);

CREATE TABLE sessions (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id         TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    address         TEXT,
    user_agent      TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at);

CREATE TABLE refresh_tokens (
    hash       BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  BIGINT NOT NULL,
    spent_at   BIGINT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE keys (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    kind            TEXT NOT NULL CHECK (kind IN ('secret', 'management')),
    environment     TEXT NOT NULL CHECK (environment IN ('prod', 'test')),
    name            TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    rate_requests   BIGINT CHECK (rate_requests > 0),
    rate_seconds    BIGINT CHECK (rate_seconds > 0),
    quota_limit     BIGINT CHECK (quota_limit > 0),
    quota_period    TEXT CHECK (quota_period IN ('day', 'month')),
    ip_allowlist    TEXT NOT NULL,
    warehouse_ids   TEXT NOT NULL,
    metadata        TEXT NOT NULL,
    expires_at      BIGINT,
    state           TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    suspended_at    BIGINT,
    revoked_at      BIGINT,
    revoked_reason  TEXT,
    replaced_by     TEXT COLLATE "C",
    retires_at      BIGINT,
    hash            BYTEA NOT NULL CHECK (length(hash) = 32),
    pepper_version  BIGINT NOT NULL,
    display_prefix  TEXT NOT NULL,
    last_four       TEXT NOT NULL,
    lineage         TEXT COLLATE "C" NOT NULL,
    created_by      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    version         BIGINT NOT NULL CHECK (version > 0),
    CHECK ((rate_requests IS NULL) = (rate_seconds IS NULL)),
    CHECK ((quota_limit IS NULL) = (quota_period IS NULL)),
    CHECK ((state = 'suspended') = (suspended_at IS NOT NULL)),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
    CHECK (state = 'revoked' OR (revoked_reason IS NULL AND (retires_at IS NULL) = (replaced_by IS NULL)))
);
CREATE INDEX keys_by_organization ON keys (organization_id, id);
CREATE INDEX keys_by_state ON keys (organization_id, kind, state);

CREATE TABLE reveals (
    key_id          TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES keys (id),
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    creator         TEXT NOT NULL,
    bucket          BIGINT NOT NULL,
    ciphertext      BYTEA NOT NULL,
    expires_at      BIGINT NOT NULL,
    reads_left      BIGINT NOT NULL CHECK (reads_left >= 0)
);
CREATE INDEX reveals_by_end ON reveals (expires_at);

CREATE TABLE bucket_keys (
    bucket     BIGINT NOT NULL PRIMARY KEY,
    wrapped    BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX bucket_keys_by_end ON bucket_keys (expires_at);

CREATE TABLE idempotency (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    fingerprint     TEXT NOT NULL,
    status          BIGINT NOT NULL,
    body            TEXT NOT NULL,
    key_id          TEXT COLLATE "C",
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX idempotency_by_end ON idempotency (expires_at);

-- A row for each kind of period: a quota whose period is changed starts anew, and goes on when it is changed back.
CREATE TABLE quotas (
    subject      TEXT COLLATE "C" NOT NULL,
    period       TEXT NOT NULL CHECK (period IN ('day', 'month')),
    period_start BIGINT NOT NULL,
    used         BIGINT NOT NULL CHECK (used >= 0),
    PRIMARY KEY (subject, period)
);

-- Usage has no foreign keys: what was counted is kept whatever becomes of its key.
CREATE TABLE usage_counts (
    organization_id TEXT COLLATE "C" NOT NULL,
    minute          BIGINT NOT NULL,
    key_id          TEXT COLLATE "C" NOT NULL,
    surface         TEXT COLLATE "C" NOT NULL CHECK (surface IN ('management', 'resource', 'verify')),
    outcome         TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('accepted', 'refused', 'limited')),
    count           BIGINT NOT NULL CHECK (count >= 0),
    PRIMARY KEY (organization_id, minute, key_id, surface, outcome)
);

CREATE TABLE usage_batches (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    added_at BIGINT NOT NULL
);
CREATE INDEX usage_batches_by_time ON usage_batches (added_at);

CREATE TABLE invalidations (
    seq      BIGINT NOT NULL PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('key', 'organization', 'session', 'user')),
    subject  TEXT COLLATE "C" NOT NULL,
    added_at BIGINT NOT NULL
);
CREATE INDEX invalidations_by_time ON invalidations (added_at);

-- The last number of a gapless sequence. Its row lock lets one transaction at a time take the next number and commit it.
CREATE TABLE sequences (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO sequences (name, value) VALUES ('invalidations', 0);

CREATE TABLE audit (
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    seq             BIGINT NOT NULL CHECK (seq > 0),
    id              TEXT COLLATE "C" NOT NULL UNIQUE,
    at              BIGINT NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    target          TEXT NOT NULL,
    address         TEXT,
    request_id      TEXT,
    state_before    TEXT,
    state_after     TEXT,
    hash            BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (organization_id, seq)
);

-- The end of each chain. Its row lock lets one transaction at a time add to a chain.
CREATE TABLE audit_heads (
    organization_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES organizations (id),
    seq             BIGINT NOT NULL,
    hash            BYTEA NOT NULL CHECK (length(hash) = 32)
);

CREATE TABLE throttles (
    subject         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures        BIGINT NOT NULL CHECK (failures > 0),
    last_failure_at BIGINT NOT NULL
);
CREATE INDEX throttles_by_time ON throttles (last_failure_at);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
