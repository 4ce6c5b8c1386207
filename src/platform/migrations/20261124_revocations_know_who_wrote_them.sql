-- Replicas read what came since their last look. By time they would miss what a long transaction wrote: it bears the
-- time of its beginning. By its number nothing is missed (see src/platform/revocations.ts).
alter table revocation add column written_by xid8 not null default pg_current_xact_id();
create index revocation_written on revocation (written_by);
drop index revocation_recent;
