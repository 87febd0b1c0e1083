-- A MAC over the end of a chain, under a key that the database does not hold: whoever can write here cannot cut a chain short or
-- write it anew without being found.
ALTER TABLE audit_heads ADD COLUMN seal BYTEA CHECK (length(seal) = 32);

CREATE INDEX audit_by_actor ON audit (organization_id, actor, seq);
