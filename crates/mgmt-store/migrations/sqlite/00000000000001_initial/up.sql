-- Ids are in their display form, which is ordered by time. Times are milliseconds since the Unix epoch. JSON is text.

CREATE TABLE organizations (
    id            TEXT    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL,
    slug          TEXT    NOT NULL UNIQUE,
    plan          TEXT    NOT NULL CHECK (plan IN ('self_hosted', 'scale', 'enterprise')),
    state         TEXT    NOT NULL CHECK (state IN ('active', 'suspended')),
    -- 1 for the operator's, and there is one 1 only.
    operator_slot INTEGER UNIQUE CHECK (operator_slot = 1),
    address       TEXT,
    metadata      TEXT    NOT NULL,
    quota_limit   INTEGER CHECK (quota_limit > 0),
    quota_period  TEXT    CHECK (quota_period IN ('day', 'month')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    -- Counts up when a transaction takes the organization's lock: the row's own lock is what counts.
    lock_count    INTEGER NOT NULL,
    CHECK ((quota_limit IS NULL) = (quota_period IS NULL))
) STRICT;

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    user_id         TEXT    NOT NULL REFERENCES users (id),
    role            TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'member', 'viewer')),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT;
CREATE INDEX memberships_by_user ON memberships (user_id, created_at);
CREATE INDEX memberships_by_role ON memberships (organization_id, role);

CREATE TABLE sessions (
    id              TEXT    NOT NULL PRIMARY KEY,
    user_id         TEXT    NOT NULL REFERENCES users (id),
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    revoked_at      INTEGER,
    address         TEXT,
    user_agent      TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at);

CREATE TABLE refresh_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    spent_at   INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('secret', 'management')),
    environment     TEXT    NOT NULL CHECK (environment IN ('prod', 'test')),
    name            TEXT    NOT NULL,
    scopes          TEXT    NOT NULL,
    rate_requests   INTEGER CHECK (rate_requests > 0),
    rate_seconds    INTEGER CHECK (rate_seconds > 0),
    quota_limit     INTEGER CHECK (quota_limit > 0),
    quota_period    TEXT    CHECK (quota_period IN ('day', 'month')),
    ip_allowlist    TEXT    NOT NULL,
    warehouse_ids   TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,
    expires_at      INTEGER,
    state           TEXT    NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    suspended_at    INTEGER,
    revoked_at      INTEGER,
    revoked_reason  TEXT,
    replaced_by     TEXT,
    retires_at      INTEGER,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32),
    pepper_version  INTEGER NOT NULL,
    display_prefix  TEXT    NOT NULL,
    last_four       TEXT    NOT NULL,
    lineage         TEXT    NOT NULL,
    created_by      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    last_used_at    INTEGER,
    version         INTEGER NOT NULL CHECK (version > 0),
    CHECK ((rate_requests IS NULL) = (rate_seconds IS NULL)),
    CHECK ((quota_limit IS NULL) = (quota_period IS NULL)),
    CHECK ((state = 'suspended') = (suspended_at IS NOT NULL)),
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL)),
    CHECK (state = 'revoked' OR (revoked_reason IS NULL AND (retires_at IS NULL) = (replaced_by IS NULL)))
) STRICT;
CREATE INDEX keys_by_organization ON keys (organization_id, id);
CREATE INDEX keys_by_state ON keys (organization_id, kind, state);

CREATE TABLE reveals (
    key_id          TEXT    NOT NULL PRIMARY KEY REFERENCES keys (id),
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    creator         TEXT    NOT NULL,
    bucket          INTEGER NOT NULL,
    ciphertext      BLOB    NOT NULL,
    expires_at      INTEGER NOT NULL,
    reads_left      INTEGER NOT NULL CHECK (reads_left >= 0)
) STRICT;
CREATE INDEX reveals_by_end ON reveals (expires_at);

CREATE TABLE bucket_keys (
    bucket     INTEGER NOT NULL PRIMARY KEY,
    wrapped    BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bucket_keys_by_end ON bucket_keys (expires_at);

CREATE TABLE idempotency (
    id              TEXT    NOT NULL PRIMARY KEY,
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    fingerprint     TEXT    NOT NULL,
    status          INTEGER NOT NULL,
    body            TEXT    NOT NULL,
    key_id          TEXT,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_by_end ON idempotency (expires_at);

-- A row for each kind of period: a quota whose period is changed starts anew, and goes on when it is changed back.
CREATE TABLE quotas (
    subject      TEXT    NOT NULL,
    period       TEXT    NOT NULL CHECK (period IN ('day', 'month')),
    period_start INTEGER NOT NULL,
    used         INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (subject, period)
) STRICT;

-- Usage has no foreign keys: what was counted is kept whatever becomes of its key.
CREATE TABLE usage_counts (
    organization_id TEXT    NOT NULL,
    minute          INTEGER NOT NULL,
    key_id          TEXT    NOT NULL,
    surface         TEXT    NOT NULL CHECK (surface IN ('management', 'resource', 'verify')),
    outcome         TEXT    NOT NULL CHECK (outcome IN ('accepted', 'refused', 'limited')),
    count           INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (organization_id, minute, key_id, surface, outcome)
) STRICT;

CREATE TABLE usage_batches (
    id       TEXT    NOT NULL PRIMARY KEY,
    added_at INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_batches_by_time ON usage_batches (added_at);

CREATE TABLE invalidations (
    seq      INTEGER NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL CHECK (kind IN ('key', 'organization', 'session', 'user')),
    subject  TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invalidations_by_time ON invalidations (added_at);

-- The last number of a gapless sequence. Its row lock lets one transaction at a time take the next number and commit it.
CREATE TABLE sequences (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO sequences (name, value) VALUES ('invalidations', 0);

CREATE TABLE audit (
    organization_id TEXT    NOT NULL REFERENCES organizations (id),
    seq             INTEGER NOT NULL CHECK (seq > 0),
    id              TEXT    NOT NULL UNIQUE,
    at              INTEGER NOT NULL,
    actor           TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    target          TEXT    NOT NULL,
    address         TEXT,
    request_id      TEXT,
    state_before    TEXT,
    state_after     TEXT,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (organization_id, seq)
) STRICT;

-- The end of each chain. Its row lock lets one transaction at a time add to a chain.
CREATE TABLE audit_heads (
    organization_id TEXT    NOT NULL PRIMARY KEY REFERENCES organizations (id),
    seq             INTEGER NOT NULL,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE throttles (
    subject         TEXT    NOT NULL PRIMARY KEY,
    failures        INTEGER NOT NULL CHECK (failures > 0),
    last_failure_at INTEGER NOT NULL
) STRICT;
CREATE INDEX throttles_by_time ON throttles (last_failure_at);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
