DROP INDEX audit_by_actor;
ALTER TABLE audit_heads DROP COLUMN seal;
