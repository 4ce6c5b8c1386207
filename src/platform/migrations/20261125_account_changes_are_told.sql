-- Replicas remember what an account is like (see src/features/authentication/account-states.ts) until they are told that
-- it has changed. `version` counts what a form shows, contacts and status among it; a sign-in does not change it.
create function tell_account() returns trigger language plpgsql as $$
begin
  perform pg_notify('account', old.id::text);
  return null;
end $$;
create trigger account_told after update on customer for each row
  when (old.version is distinct from new.version or old.status is distinct from new.status
    or old.email_verified is distinct from new.email_verified)
  execute function tell_account();
create function tell_linked_account() returns trigger language plpgsql as $$
begin
  perform pg_notify('account', old.customer_id::text);
  return null;
end $$;
create trigger link_moved after update on identity_link for each row
  when (old.customer_id is distinct from new.customer_id) execute function tell_linked_account();
create trigger link_gone after delete on identity_link for each row execute function tell_linked_account();
