DROP INDEX keys_by_project;
ALTER TABLE keys DROP COLUMN project_id;
DROP TABLE project_parts;
DROP TABLE project_members;
DROP TABLE projects;
