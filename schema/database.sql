-- Written by the contract test of the database (`vitest run --project contracts -u`), for review. Never executed.

-- The main database.

create table acting (
  id uuid not null,
  issuer text not null,
  subject text not null,
  sid text not null,
  customer_id uuid not null,
  reason text not null,
  may_write boolean not null,
  started_at timestamp(3) with time zone not null,
  ends_at timestamp(3) with time zone not null,
  ended_at timestamp(3) with time zone,
  end_reason text,
  constraint acting_end_has_reason CHECK (((ended_at IS NULL) = (end_reason IS NULL))),
  constraint acting_end_reason_check CHECK ((end_reason = ANY (ARRAY['STAFF'::text, 'REPLACED'::text, 'TIME'::text, 'SESSION'::text, 'CUSTOMER'::text]))),
  constraint acting_is_short CHECK (((ends_at > started_at) AND (ends_at <= (started_at + '00:15:00'::interval)))),
  constraint acting_pkey PRIMARY KEY (id),
  constraint acting_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);
CREATE INDEX acting_customer ON public.acting USING btree (customer_id) WHERE (ended_at IS NULL);
CREATE INDEX acting_end ON public.acting USING btree (ends_at);
CREATE UNIQUE INDEX acting_under_way ON public.acting USING btree (issuer, sid) WHERE (ended_at IS NULL);
CREATE TRIGGER acting_end_told AFTER UPDATE OF ended_at ON public.acting FOR EACH ROW WHEN (((old.ended_at IS NULL) AND (new.ended_at IS NOT NULL))) EXECUTE FUNCTION tell_acting_end();

create table audit_entry (
  id uuid not null,
  customer_id uuid not null,
  sequence integer not null,
  at timestamp(3) with time zone not null,
  actor_type text not null,
  actor_id text not null,
  action text not null,
  changed text[] not null,
  reason text,
  request_id text not null,
  key_id uuid not null,
  sealed bytea not null,
  previous_hash bytea not null,
  hash bytea not null,
  acting_id uuid,
  constraint audit_entry_actor_type_check CHECK ((actor_type = ANY (ARRAY['customer'::text, 'staff'::text, 'service'::text, 'system'::text]))),
  constraint audit_entry_order UNIQUE (customer_id, sequence),
  constraint audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_time ON public.audit_entry USING btree (at, id);
CREATE TRIGGER audit_entry_append_only BEFORE DELETE OR UPDATE ON public.audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_entry_not_truncated BEFORE TRUNCATE ON public.audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

create table customer (
  id uuid not null,
  status text not null,
  version integer not null,
  sequence integer not null,
  audit_sequence integer not null,
  audit_head bytea not null,
  key_id uuid not null,
  sealed bytea not null,
  email_hash_even bytea,
  email_hash_odd bytea,
  email_verified boolean not null,
  locale character varying(35),
  country character(2),
  method text,
  created_at timestamp(3) with time zone not null,
  activated_at timestamp(3) with time zone,
  last_activity_at timestamp(3) with time zone not null,
  deactivated_at timestamp(3) with time zone,
  deactivation_reason text,
  reversible_until timestamp(3) with time zone,
  contact_due_at timestamp(3) with time zone,
  phone_hash_even bytea,
  phone_hash_odd bytea,
  phone_verified boolean not null,
  constraint customer_audit_sequence_check CHECK ((audit_sequence >= 0)),
  constraint customer_deactivation_reason_check CHECK ((deactivation_reason = ANY (ARRAY['CUSTOMER_REQUEST'::text, 'STAFF'::text, 'FRAUD'::text, 'INACTIVITY'::text, 'MERGED'::text, 'ERASURE'::text]))),
  constraint customer_method_check CHECK ((method = ANY (ARRAY['PASSWORD'::text, 'SOCIAL'::text, 'PASSKEY'::text, 'IMPORT'::text, 'STAFF'::text]))),
  constraint customer_pkey PRIMARY KEY (id),
  constraint customer_sequence_check CHECK ((sequence >= 0)),
  constraint customer_status_check CHECK ((status = ANY (ARRAY['GUEST'::text, 'PENDING_VERIFICATION'::text, 'ACTIVE'::text, 'SUSPENDED'::text, 'DEACTIVATED'::text, 'ERASING'::text, 'ERASED'::text, 'MERGED'::text]))),
  constraint customer_verified_when_open CHECK (((status <> ALL (ARRAY['ACTIVE'::text, 'SUSPENDED'::text])) OR email_verified)),
  constraint customer_version_check CHECK ((version >= 1))
);
CREATE INDEX customer_by_activity ON public.customer USING btree (last_activity_at DESC, id DESC);
CREATE INDEX customer_by_creation ON public.customer USING btree (created_at DESC, id DESC);
CREATE INDEX customer_by_key ON public.customer USING btree (key_id);
CREATE INDEX customer_contact_due ON public.customer USING btree (contact_due_at) WHERE (contact_due_at IS NOT NULL);
CREATE INDEX customer_unproven ON public.customer USING btree (created_at) WHERE ((NOT email_verified) AND (status = 'PENDING_VERIFICATION'::text));
CREATE UNIQUE INDEX customer_email_even ON public.customer USING btree (email_hash_even) WHERE (status <> ALL (ARRAY['GUEST'::text, 'ERASED'::text, 'MERGED'::text]));
CREATE UNIQUE INDEX customer_email_odd ON public.customer USING btree (email_hash_odd) WHERE (status <> ALL (ARRAY['GUEST'::text, 'ERASED'::text, 'MERGED'::text]));
CREATE UNIQUE INDEX customer_phone_even ON public.customer USING btree (phone_hash_even) WHERE (status <> ALL (ARRAY['GUEST'::text, 'ERASED'::text, 'MERGED'::text]));
CREATE UNIQUE INDEX customer_phone_odd ON public.customer USING btree (phone_hash_odd) WHERE (status <> ALL (ARRAY['GUEST'::text, 'ERASED'::text, 'MERGED'::text]));
CREATE TRIGGER account_told AFTER UPDATE ON public.customer FOR EACH ROW WHEN (((old.version IS DISTINCT FROM new.version) OR (old.status IS DISTINCT FROM new.status) OR (old.email_verified IS DISTINCT FROM new.email_verified))) EXECUTE FUNCTION tell_account();
CREATE TRIGGER customer_ends_acting AFTER UPDATE OF status ON public.customer FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (new.status <> ALL (ARRAY['PENDING_VERIFICATION'::text, 'ACTIVE'::text])))) EXECUTE FUNCTION end_acting_for_customer();

create table dead_letter (
  id uuid not null,
  stream text not null,
  message_id text not null,
  type text,
  payload jsonb not null,
  reason text not null,
  attempts integer not null,
  first_failed_at timestamp(3) with time zone not null,
  last_failed_at timestamp(3) with time zone not null,
  settled_at timestamp(3) with time zone,
  outcome text,
  constraint dead_letter_message UNIQUE (stream, message_id),
  constraint dead_letter_outcome_check CHECK ((outcome = ANY (ARRAY['REPLAYED'::text, 'DISCARDED'::text]))),
  constraint dead_letter_pkey PRIMARY KEY (id)
);
CREATE INDEX dead_letter_open ON public.dead_letter USING btree (last_failed_at, id) WHERE (settled_at IS NULL);

create table drift (
  id bigint not null generated always as identity,
  at timestamp(3) with time zone not null,
  line text not null,
  kind text not null,
  issuer text not null,
  subject text not null,
  constraint drift_kind_check CHECK ((kind = ANY (ARRAY['CREATED'::text, 'CHANGED'::text, 'MISSING'::text, 'SAME_ADDRESS'::text, 'UNLINKED'::text]))),
  constraint drift_line_check CHECK ((line = ANY (ARRAY['DELIVERY'::text, 'SIGN_IN'::text, 'SWEEP'::text]))),
  constraint drift_pkey PRIMARY KEY (id)
);
CREATE INDEX drift_time ON public.drift USING btree (at);

create table idempotency (
  scope bytea not null,
  key uuid not null,
  fingerprint bytea not null,
  sealed bytea,
  created_at timestamp(3) with time zone not null,
  expires_at timestamp(3) with time zone not null,
  constraint idempotency_pkey PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_expiry ON public.idempotency USING btree (expires_at);

create table identity_link (
  issuer text not null,
  subject text not null,
  customer_id uuid not null,
  linked_at timestamp(3) with time zone not null,
  checked_at timestamp(3) with time zone not null,
  missing_since timestamp(3) with time zone,
  refused text[],
  seen_hash bytea,
  constraint identity_link_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint identity_link_pkey PRIMARY KEY (issuer, subject)
);
CREATE INDEX identity_link_checked ON public.identity_link USING btree (checked_at);
CREATE INDEX identity_link_customer ON public.identity_link USING btree (customer_id, linked_at);
CREATE INDEX identity_link_missing ON public.identity_link USING btree (issuer, subject) WHERE (missing_since IS NOT NULL);
CREATE INDEX identity_link_refused ON public.identity_link USING btree (issuer, subject) WHERE (refused IS NOT NULL);
CREATE TRIGGER link_gone AFTER DELETE ON public.identity_link FOR EACH ROW EXECUTE FUNCTION tell_linked_account();
CREATE TRIGGER link_moved AFTER UPDATE ON public.identity_link FOR EACH ROW WHEN ((old.customer_id IS DISTINCT FROM new.customer_id)) EXECUTE FUNCTION tell_linked_account();

create table inbox (
  source text not null,
  message_id text not null,
  type text not null,
  subject text,
  payload jsonb not null,
  received_at timestamp(3) with time zone not null,
  attempts integer not null default 0,
  next_attempt_at timestamp(3) with time zone not null,
  first_failed_at timestamp(3) with time zone,
  last_failed_at timestamp(3) with time zone,
  done_at timestamp(3) with time zone,
  told_at timestamp(3) with time zone,
  constraint inbox_pkey PRIMARY KEY (source, message_id)
);
CREATE INDEX inbox_done ON public.inbox USING btree (done_at) WHERE (done_at IS NOT NULL);
CREATE INDEX inbox_pending ON public.inbox USING btree (next_attempt_at) WHERE (done_at IS NULL);
CREATE INDEX inbox_subject ON public.inbox USING btree (source, subject) WHERE (done_at IS NULL);

create table job_cursor (
  name text not null,
  position text not null,
  moved_at timestamp(3) with time zone not null,
  constraint job_cursor_pkey PRIMARY KEY (name)
);

create table known_device (
  customer_id uuid not null,
  browser character varying(40) not null,
  system character varying(40) not null,
  country character(2) not null,
  first_seen_at timestamp(3) with time zone not null,
  last_seen_at timestamp(3) with time zone not null,
  forgotten_at timestamp(3) with time zone,
  constraint known_device_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint known_device_pkey PRIMARY KEY (customer_id, browser, system, country)
);
CREATE INDEX known_device_age ON public.known_device USING btree (last_seen_at);

create table mail_link (
  token_hash bytea not null,
  purpose text not null,
  customer_id uuid not null,
  reference text,
  created_at timestamp(3) with time zone not null,
  expires_at timestamp(3) with time zone not null,
  used_at timestamp(3) with time zone,
  constraint mail_link_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint mail_link_pkey PRIMARY KEY (token_hash)
);
CREATE INDEX mail_link_expiry ON public.mail_link USING btree (expires_at);
CREATE INDEX mail_link_matter ON public.mail_link USING btree (customer_id, purpose);

create table migration (
  name text not null,
  checksum text not null,
  applied_at timestamp(3) with time zone not null default now(),
  constraint migration_pkey PRIMARY KEY (name)
);

create table outbox (
  id uuid not null,
  position bigint not null generated always as identity,
  customer_id uuid not null,
  sequence integer not null,
  type text not null,
  event jsonb not null,
  created_at timestamp(3) with time zone not null,
  published_at timestamp(3) with time zone,
  lane smallint not null generated always as ((get_byte(uuid_send(customer_id), 15) % 16)) stored,
  constraint outbox_order UNIQUE (customer_id, sequence),
  constraint outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_age ON public.outbox USING btree (created_at);
CREATE INDEX outbox_pending ON public.outbox USING btree (lane, "position") WHERE (published_at IS NULL);

create table registration_intent (
  customer_id uuid not null,
  key_id uuid not null,
  sealed bytea not null,
  email_hash bytea not null,
  browser_hash bytea,
  subject text,
  locale character varying(35) not null,
  country character(2),
  created_at timestamp(3) with time zone not null,
  expires_at timestamp(3) with time zone not null,
  constraint registration_intent_pkey PRIMARY KEY (customer_id)
);
CREATE INDEX registration_intent_by_key ON public.registration_intent USING btree (key_id);
CREATE INDEX registration_intent_email ON public.registration_intent USING btree (email_hash, created_at DESC);
CREATE INDEX registration_intent_expiry ON public.registration_intent USING btree (expires_at);

create table revocation (
  id bigint not null generated always as identity,
  issuer text not null,
  sid text,
  subject text,
  issued_before timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone not null default now(),
  expires_at timestamp(3) with time zone not null,
  written_by xid8 not null default pg_current_xact_id(),
  constraint revocation_names_something CHECK (((sid IS NOT NULL) OR ((subject IS NOT NULL) AND (issued_before IS NOT NULL)))),
  constraint revocation_pkey PRIMARY KEY (id)
);
CREATE INDEX revocation_expiry ON public.revocation USING btree (expires_at);
CREATE INDEX revocation_written ON public.revocation USING btree (written_by);
CREATE TRIGGER revocation_ends_acting AFTER INSERT ON public.revocation FOR EACH ROW EXECUTE FUNCTION end_acting_of_session();
CREATE TRIGGER revocation_told AFTER INSERT ON public.revocation FOR EACH STATEMENT EXECUTE FUNCTION tell_revocation();

create table role_grant (
  event_id text not null,
  at timestamp(3) with time zone not null,
  issuer text not null,
  subject text,
  granted_to text not null,
  granted_by text not null,
  actor_id text,
  roles text[] not null,
  constraint role_grant_granted_by_check CHECK ((granted_by = ANY (ARRAY['customer'::text, 'staff'::text, 'service'::text, 'system'::text]))),
  constraint role_grant_granted_to_check CHECK ((granted_to = ANY (ARRAY['person'::text, 'service'::text, 'holders'::text]))),
  constraint role_grant_pkey PRIMARY KEY (event_id)
);
CREATE INDEX role_grant_time ON public.role_grant USING btree (at);

create table session_code (
  session_id uuid not null,
  asked_at timestamp(3) with time zone not null,
  hash bytea,
  expires_at timestamp(3) with time zone,
  tries smallint not null default 0,
  constraint session_code_hash_check CHECK (((hash IS NULL) = (expires_at IS NULL))),
  constraint session_code_pkey PRIMARY KEY (session_id),
  constraint session_code_session_id_fkey FOREIGN KEY (session_id) REFERENCES session_token(id) ON DELETE CASCADE
);

create table session_token (
  id uuid not null,
  customer_id uuid not null,
  issuer text not null,
  subject text not null,
  sid text not null,
  key_id uuid not null,
  sealed bytea not null,
  handle_hash bytea not null,
  generation integer not null,
  rotated_at timestamp(3) with time zone not null,
  lease_until timestamp(3) with time zone,
  lease_fence integer not null default 0,
  started_at timestamp(3) with time zone not null,
  last_seen_at timestamp(3) with time zone not null,
  expires_at timestamp(3) with time zone not null,
  ended_at timestamp(3) with time zone,
  end_reason text,
  proof text,
  proven_at timestamp(3) with time zone,
  browser character varying(40),
  system character varying(40),
  country character(2),
  constraint session_token_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer(id),
  constraint session_token_end_reason_check CHECK ((end_reason = ANY (ARRAY['LOGOUT'::text, 'PROVIDER'::text, 'EXPIRED'::text, 'REUSE'::text, 'STATUS'::text, 'STAFF'::text, 'TAKEOVER'::text]))),
  constraint session_token_generation_check CHECK ((generation >= 0)),
  constraint session_token_handle UNIQUE (handle_hash),
  constraint session_token_pkey PRIMARY KEY (id),
  constraint session_token_proof_check CHECK ((proof = ANY (ARRAY['PASSWORD'::text, 'EMAIL_CODE'::text]))),
  constraint session_token_proven_check CHECK (((proof IS NULL) = (proven_at IS NULL)))
);
CREATE INDEX session_token_customer ON public.session_token USING btree (customer_id) WHERE (ended_at IS NULL);
CREATE INDEX session_token_expiry ON public.session_token USING btree (expires_at);
CREATE INDEX session_token_sid ON public.session_token USING btree (issuer, sid) WHERE (ended_at IS NULL);

create table subject_lease (
  issuer text not null,
  subject text not null,
  holder uuid not null,
  leased_until timestamp(3) with time zone not null,
  constraint subject_lease_pkey PRIMARY KEY (issuer, subject)
);

create table text_message_count (
  scope text not null,
  minute timestamp(3) with time zone not null,
  sent integer not null,
  verified integer not null,
  constraint text_message_count_pkey PRIMARY KEY (scope, minute)
);
CREATE INDEX text_message_count_minute ON public.text_message_count USING btree (minute);

create table text_message_day (
  day date not null,
  cents numeric(12,3) not null,
  constraint text_message_day_pkey PRIMARY KEY (day)
);

CREATE OR REPLACE FUNCTION public.end_acting_for_customer()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update acting set ended_at = now(), end_reason = 'CUSTOMER' where ended_at is null and customer_id = new.id;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.end_acting_of_session()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update acting set ended_at = now(), end_reason = 'SESSION'
    where ended_at is null and issuer = new.issuer
      and (sid = new.sid or (subject = new.subject and started_at <= new.issued_before));
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'audit entries are never changed';
end $function$
;

CREATE OR REPLACE FUNCTION public.tell_account()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('account', old.id::text);
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.tell_acting_end()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into revocation (issuer, sid, expires_at) values ('urn:customers:acting', new.id::text, new.ends_at);
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.tell_linked_account()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('account', old.customer_id::text);
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.tell_revocation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('revocation', '');
  return null;
end $function$
;

-- The database of customer keys.

create table customer_key (
  id uuid not null,
  wrapped bytea not null,
  kek text not null,
  created_at timestamp(3) with time zone not null default now(),
  destroyed_at timestamp(3) with time zone,
  constraint customer_key_destroyed CHECK (((destroyed_at IS NULL) OR (length(wrapped) = 0))),
  constraint customer_key_pkey PRIMARY KEY (id)
);
CREATE INDEX customer_key_age ON public.customer_key USING btree (created_at);

create table migration (
  name text not null,
  checksum text not null,
  applied_at timestamp(3) with time zone not null default now(),
  constraint migration_pkey PRIMARY KEY (name)
);
