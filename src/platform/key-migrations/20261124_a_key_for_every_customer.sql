-- Customer keys, wrapped by a key-encryption key. A database of its own, with a short backup retention of its own (design §6).
create table customer_key (
  id uuid primary key,
  wrapped bytea not null,
  kek text not null,
  created_at timestamptz(3) not null default now(),
  destroyed_at timestamptz(3),
  constraint customer_key_destroyed check (destroyed_at is null or length(wrapped) = 0)
);
create index customer_key_age on customer_key (created_at);
