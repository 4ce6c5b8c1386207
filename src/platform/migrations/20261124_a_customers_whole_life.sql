-- Accounts. Personal fields are one sealed value per row; what stands in clear is pseudonymous.
create table customer (
  id uuid primary key,
  status text not null check (status in ('GUEST','PENDING_VERIFICATION','ACTIVE','SUSPENDED','DEACTIVATED','ERASING','ERASED','MERGED')),
  version integer not null check (version >= 1),
  sequence integer not null check (sequence >= 0),
  audit_sequence integer not null check (audit_sequence >= 0),
  audit_head bytea not null,
  key_id uuid not null,
  sealed bytea not null,
  email_hash_even bytea,
  email_hash_odd bytea,
  email_verified boolean not null,
  locale varchar(35),
  country char(2),
  method text check (method in ('PASSWORD','SOCIAL','PASSKEY','IMPORT','STAFF')),
  created_at timestamptz(3) not null,
  activated_at timestamptz(3),
  last_activity_at timestamptz(3) not null,
  deactivated_at timestamptz(3),
  deactivation_reason text check (deactivation_reason in ('CUSTOMER_REQUEST','STAFF','FRAUD','INACTIVITY','MERGED','ERASURE')),
  reversible_until timestamptz(3),
  constraint customer_verified_when_open check (status not in ('ACTIVE','SUSPENDED') or email_verified)
);
-- A keyed hash of version n stands in the column of n's parity, so that two versions can live side by side while keys rotate.
create unique index customer_email_even on customer (email_hash_even) where status not in ('GUEST','ERASED','MERGED');
create unique index customer_email_odd on customer (email_hash_odd) where status not in ('GUEST','ERASED','MERGED');
create index customer_by_creation on customer (created_at desc, id desc);
create index customer_by_activity on customer (last_activity_at desc, id desc);
create index customer_unproven on customer (created_at) where not email_verified and status = 'PENDING_VERIFICATION';

-- Whom an identity provider knows as which customer. Many to one (design §2).
create table identity_link (
  issuer text not null,
  subject text not null,
  customer_id uuid not null references customer (id),
  linked_at timestamptz(3) not null,
  checked_at timestamptz(3) not null,
  missing_since timestamptz(3),
  constraint identity_link_pkey primary key (issuer, subject)
);
create index identity_link_customer on identity_link (customer_id, linked_at);
create index identity_link_checked on identity_link (checked_at);

-- What a registration form carried, until the address is proven (design, decision 9).
create table registration_intent (
  customer_id uuid primary key,
  key_id uuid not null,
  sealed bytea not null,
  email_hash bytea not null,
  browser_hash bytea,
  subject text,
  locale varchar(35) not null,
  country char(2),
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null
);
create index registration_intent_email on registration_intent (email_hash, created_at desc);
create index registration_intent_expiry on registration_intent (expires_at);

-- A browser's session. The refresh token is sealed; the handle in the cookie is stored as a hash only.
create table session_token (
  id uuid primary key,
  customer_id uuid not null references customer (id),
  issuer text not null,
  subject text not null,
  sid text not null,
  key_id uuid not null,
  sealed bytea not null,
  handle_hash bytea not null,
  generation integer not null check (generation >= 0),
  rotated_at timestamptz(3) not null,
  lease_until timestamptz(3),
  lease_fence integer not null default 0,
  started_at timestamptz(3) not null,
  last_seen_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  ended_at timestamptz(3),
  end_reason text check (end_reason in ('LOGOUT','PROVIDER','EXPIRED','REUSE','STATUS','STAFF')),
  constraint session_token_handle unique (handle_hash)
);
create index session_token_customer on session_token (customer_id) where ended_at is null;
create index session_token_sid on session_token (issuer, sid) where ended_at is null;
create index session_token_expiry on session_token (expires_at);

-- Tokens refused before they expire: by session, or by subject for tokens issued before a time (design, decision 22).
create table revocation (
  id bigint primary key generated always as identity,
  issuer text not null,
  sid text,
  subject text,
  issued_before timestamptz(3),
  revoked_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  constraint revocation_names_something check ((sid is not null) or (subject is not null and issued_before is not null))
);
create index revocation_recent on revocation (revoked_at);
create index revocation_expiry on revocation (expires_at);
create function tell_revocation() returns trigger language plpgsql as $$
begin
  perform pg_notify('revocation', '');
  return null;
end $$;
create trigger revocation_told after insert on revocation for each statement execute function tell_revocation();

-- Who did what, when and why. Values are sealed under the subject's key; the chain runs over the ciphertext.
create table audit_entry (
  id uuid primary key,
  customer_id uuid not null,
  sequence integer not null,
  at timestamptz(3) not null,
  actor_type text not null check (actor_type in ('customer','staff','service','system')),
  actor_id text not null,
  action text not null,
  changed text[] not null,
  reason text,
  request_id text not null,
  key_id uuid not null,
  sealed bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  constraint audit_entry_order unique (customer_id, sequence)
);
create index audit_entry_time on audit_entry (at, id);
create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit entries are never changed';
end $$;
create trigger audit_entry_append_only before update or delete on audit_entry for each row execute function refuse_audit_change();
create trigger audit_entry_not_truncated before truncate on audit_entry for each statement execute function refuse_audit_change();

-- Facts on their way out, in lanes by customer (facts are kept 90 days for replay and for live cursors).
create table outbox (
  id uuid primary key,
  position bigint generated always as identity,
  customer_id uuid not null,
  sequence integer not null,
  type text not null,
  event jsonb not null,
  created_at timestamptz(3) not null,
  published_at timestamptz(3),
  lane smallint not null generated always as (get_byte(uuid_send(customer_id), 15) % 16) stored,
  constraint outbox_order unique (customer_id, sequence)
);
create index outbox_pending on outbox (lane, position) where published_at is null;
create index outbox_age on outbox (created_at);
-- A number for each batch of a relay; a script in Redis refuses an older one. A sequence, since it never goes back:
-- the number of a transaction that was rolled back must not be given again.
create sequence outbox_fence;

-- Facts on their way in: one row a message, whose attempts are counted before the try.
create table inbox (
  source text not null,
  message_id text not null,
  type text not null,
  subject text,
  payload jsonb not null,
  received_at timestamptz(3) not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null,
  first_failed_at timestamptz(3),
  last_failed_at timestamptz(3),
  done_at timestamptz(3),
  constraint inbox_pkey primary key (source, message_id)
);
create index inbox_pending on inbox (next_attempt_at) where done_at is null;
create index inbox_subject on inbox (source, subject) where done_at is null;
create index inbox_done on inbox (done_at) where done_at is not null;

-- One reader a subject at a time: dirty again while the lease runs means once more.
create table subject_lease (
  issuer text not null,
  subject text not null,
  holder uuid not null,
  leased_until timestamptz(3) not null,
  constraint subject_lease_pkey primary key (issuer, subject)
);

create table dead_letter (
  id uuid primary key,
  stream text not null,
  message_id text not null,
  type text,
  payload jsonb not null,
  reason text not null,
  attempts integer not null,
  first_failed_at timestamptz(3) not null,
  last_failed_at timestamptz(3) not null,
  settled_at timestamptz(3),
  outcome text check (outcome in ('REPLAYED','DISCARDED')),
  constraint dead_letter_message unique (stream, message_id)
);
create index dead_letter_open on dead_letter (last_failed_at, id) where settled_at is null;

-- The sealed answer to a request that may come twice (kept 24 h).
create table idempotency (
  scope bytea not null,
  key uuid not null,
  fingerprint bytea not null,
  sealed bytea,
  created_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  constraint idempotency_pkey primary key (scope, key)
);
create index idempotency_expiry on idempotency (expires_at);

-- What each line of convergence caught (design §4).
create table drift (
  id bigint primary key generated always as identity,
  at timestamptz(3) not null,
  line text not null check (line in ('DELIVERY','SIGN_IN','SWEEP')),
  kind text not null check (kind in ('CREATED','CHANGED','MISSING','SAME_ADDRESS','UNLINKED')),
  issuer text not null,
  subject text not null
);
create index drift_time on drift (at);
-- Where a long job stands: a killed run goes on from here.
create table job_cursor (name text primary key, position text not null, moved_at timestamptz(3) not null);
