-- Projects of organizations. Settings are JSON, the webhook token is encrypted.
CREATE TABLE projects (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organization_id TEXT COLLATE "C" NOT NULL REFERENCES organizations (id),
    settings        TEXT    NOT NULL,
    webhook_token   BYTEA   NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL CHECK (version > 0)
);
CREATE INDEX projects_by_organization ON projects (organization_id, id);

-- People's places in projects. No foreign key to people: whoever is only invited has the id of their invitation.
CREATE TABLE project_members (
    project_id      TEXT COLLATE "C" NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id         TEXT COLLATE "C" NOT NULL,
    organization_id TEXT COLLATE "C" NOT NULL,
    role            TEXT    NOT NULL CHECK (role IN ('ADMIN', 'USER', 'VIEWER', 'MERCHANT')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_members_by_user ON project_members (organization_id, user_id);

-- Schemas, rules, branding, templates and webhooks of projects: the content is JSON.
CREATE TABLE project_parts (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('metadata_schema', 'event_schema', 'stacking_rules', 'branding', 'template', 'webhook')),
    name       TEXT COLLATE "C" NOT NULL,
    body       TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    version    BIGINT NOT NULL CHECK (version > 0),
    UNIQUE (project_id, kind, name)
);

-- The project that a key was made with. No foreign key: the record of a key outlives its project.
ALTER TABLE keys ADD COLUMN project_id TEXT COLLATE "C";
CREATE INDEX keys_by_project ON keys (project_id) WHERE project_id IS NOT NULL;
