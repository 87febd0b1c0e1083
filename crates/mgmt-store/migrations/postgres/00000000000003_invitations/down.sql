DROP INDEX keys_by_maker;
DROP TABLE password_resets;
DROP TABLE invitations;
