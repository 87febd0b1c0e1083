DROP TABLE foreign_hashes;
