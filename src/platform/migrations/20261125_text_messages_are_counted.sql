-- What text messages cost on a day, and how many of their codes came back. In PostgreSQL, since a budget that a restart
-- of Redis empties is none. No number of anybody: a scope is a country or a block of at least ten thousand numbers.
create table text_message_day (
  day date primary key,
  cents numeric(12, 3) not null
);

create table text_message_count (
  scope text not null,
  minute timestamptz(3) not null,
  sent integer not null,
  verified integer not null,
  primary key (scope, minute)
);
create index text_message_count_minute on text_message_count (minute);
