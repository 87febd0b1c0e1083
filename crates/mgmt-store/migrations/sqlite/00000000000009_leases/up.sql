-- Nodes that may answer from memory, until when by the database's clock, and the changes that they have applied.
CREATE TABLE node_leases (
    node TEXT NOT NULL PRIMARY KEY,
    lease_until INTEGER NOT NULL,
    applied_seq INTEGER NOT NULL
) STRICT;
