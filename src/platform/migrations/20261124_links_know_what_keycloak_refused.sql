-- The fields of a profile that Keycloak's rules kept us from writing, by name: what differs until somebody looks. Null: none.
alter table identity_link add column refused text[];
create index identity_link_refused on identity_link (issuer, subject) where refused is not null;
