-- Who was given a role of staff at the identity provider, and by whom: the alarm rests on it, and whoever looks afterwards.
create table role_grant (
  event_id text primary key,
  at timestamptz(3) not null,
  issuer text not null,
  subject text,
  granted_to text not null check (granted_to in ('person','service','holders')),
  granted_by text not null check (granted_by in ('customer','staff','service','system')),
  actor_id text,
  roles text[] not null
);
create index role_grant_time on role_grant (at);
