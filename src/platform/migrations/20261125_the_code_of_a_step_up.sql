-- The code that went to a proven address, for whoever has neither password nor factor. It counts for one session, and for
-- nothing but its proof; there is no hash until the mail is written.
create table session_code (
  session_id uuid primary key references session_token on delete cascade,
  asked_at timestamptz(3) not null,
  hash bytea,
  expires_at timestamptz(3),
  tries smallint not null default 0,
  constraint session_code_hash_check check ((hash is null) = (expires_at is null))
);
