-- What the owner of a session recognises it by: words, without versions, and the country of the address, never the address.
alter table session_token add column browser varchar(40), add column system varchar(40), add column country char(2);
alter table session_token drop constraint session_token_end_reason_check;
alter table session_token add constraint session_token_end_reason_check
  check (end_reason in ('LOGOUT','PROVIDER','EXPIRED','REUSE','STATUS','STAFF','TAKEOVER'));

-- Devices a customer has signed in with, so that she is told of a new one. Forgotten ones are told anew.
create table known_device (
  customer_id uuid not null references customer (id),
  browser varchar(40) not null,
  system varchar(40) not null,
  country char(2) not null,
  first_seen_at timestamptz(3) not null,
  last_seen_at timestamptz(3) not null,
  forgotten_at timestamptz(3),
  constraint known_device_pkey primary key (customer_id, browser, system, country)
);
create index known_device_age on known_device (last_seen_at);
