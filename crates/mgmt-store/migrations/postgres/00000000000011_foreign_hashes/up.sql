-- Keys that other systems issued. A key is found by digest: the other system's hash until its first use, then our keyed hash of its
-- text. origin is the keyed hash of the other system's hash, so that a repeated import finds the key that it made.
CREATE TABLE foreign_hashes (
    digest     BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) IN (32, 64)),
    origin     BYTEA NOT NULL UNIQUE CHECK (length(origin) = 32),
    key_id     TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES keys (id),
    is_adopted BOOLEAN NOT NULL
);
