-- Keyed hashes of proven numbers, as those of addresses: two versions live side by side while keys rotate.
alter table customer add column phone_hash_even bytea;
alter table customer add column phone_hash_odd bytea;
alter table customer add column phone_verified boolean not null default false;
alter table customer alter column phone_verified drop default;
create unique index customer_phone_even on customer (phone_hash_even) where status not in ('GUEST','ERASED','MERGED');
create unique index customer_phone_odd on customer (phone_hash_odd) where status not in ('GUEST','ERASED','MERGED');
