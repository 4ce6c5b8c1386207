-- Which keys are somebody's, and which users are missing, must not read whole tables.
create index customer_by_key on customer (key_id);
create index registration_intent_by_key on registration_intent (key_id);
create index identity_link_missing on identity_link (issuer, subject) where missing_since is not null;
