-- A keyed hash of what was taken of the user, so that a sweep finds who changed without opening a sealed row.
alter table identity_link add column seen_hash bytea;
