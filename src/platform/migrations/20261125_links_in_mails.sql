-- Links in our mails, /l/{token}: the token's hash alone. Links of one matter (purpose, customer, reference) are used up together.
create table mail_link (
  token_hash bytea primary key,
  purpose text not null,
  customer_id uuid not null references customer (id),
  reference text,
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  used_at timestamptz(3)
);
create index mail_link_matter on mail_link (customer_id, purpose);
create index mail_link_expiry on mail_link (expires_at);
