-- A change of what a customer signs in with is mailed to her, once for each event, however often the event is worked off.
alter table inbox add column told_at timestamptz(3);
