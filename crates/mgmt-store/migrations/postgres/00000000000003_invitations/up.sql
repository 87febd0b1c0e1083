-- People who were asked in, until they accept or the invitation is withdrawn.
CREATE TABLE invitations (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    email           TEXT COLLATE "C" NOT NULL,
    name            TEXT,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'member', 'viewer')),
    invited_by      TEXT NOT NULL,
    hash            BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    UNIQUE (organization_id, email)
);
CREATE INDEX invitations_by_organization ON invitations (organization_id, id);

-- One for each person who asked: a new one takes the place of the old one.
CREATE TABLE password_resets (
    user_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
    hash       BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_by_end ON password_resets (expires_at);

CREATE INDEX keys_by_maker ON keys (organization_id, created_by);
