-- Staff who act for a customer under their own token, for 15 minutes, with a reason (design, decision 30).
create table acting (
  id uuid primary key,
  issuer text not null,
  subject text not null,
  sid text not null,
  customer_id uuid not null,
  reason text not null check (length(reason) between 1 and 500),
  may_write boolean not null,
  started_at timestamptz(3) not null,
  ends_at timestamptz(3) not null,
  ended_at timestamptz(3),
  end_reason text check (end_reason in ('STAFF','REPLACED','TIME','SESSION','CUSTOMER')),
  constraint acting_is_short check (ends_at > started_at and ends_at <= started_at + interval '15 minutes'),
  constraint acting_end_has_reason check ((ended_at is null) = (end_reason is null))
);
-- One at a time in one session.
create unique index acting_under_way on acting (issuer, sid) where ended_at is null;
create index acting_customer on acting (customer_id) where ended_at is null;
create index acting_end on acting (ends_at);

-- Whoever ends a session, wherever and for whatever reason, writes a revocation: here nobody can forget the acting.
create function end_acting_of_session() returns trigger language plpgsql as $$
begin
  update acting set ended_at = now(), end_reason = 'SESSION'
    where ended_at is null and issuer = new.issuer
      and (sid = new.sid or (subject = new.subject and started_at <= new.issued_before));
  return null;
end $$;
create trigger revocation_ends_acting after insert on revocation for each row execute function end_acting_of_session();

-- Nobody acts for a customer who could not act for herself.
create function end_acting_for_customer() returns trigger language plpgsql as $$
begin
  update acting set ended_at = now(), end_reason = 'CUSTOMER' where ended_at is null and customer_id = new.id;
  return null;
end $$;
create trigger customer_ends_acting after update of status on customer for each row
  when (old.status is distinct from new.status and new.status not in ('PENDING_VERIFICATION','ACTIVE'))
  execute function end_acting_for_customer();

-- Open streams hear of revocations: what ends is told them the same way.
create function tell_acting_end() returns trigger language plpgsql as $$
begin
  insert into revocation (issuer, sid, expires_at) values ('urn:customers:acting', new.id::text, new.ends_at);
  return null;
end $$;
create trigger acting_end_told after update of ended_at on acting for each row
  when (old.ended_at is null and new.ended_at is not null) execute function tell_acting_end();

-- On whose behalf an entry was made is the customer herself; under which acting, this says.
alter table audit_entry add column acting_id uuid;
