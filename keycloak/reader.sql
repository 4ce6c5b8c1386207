-- What the sweep may read of Keycloak's database: users' profiles and names of realms, no credential and no session.
-- Run as the owner of the tables, once Keycloak has made them; running it again changes nothing. The role comes first:
--   CREATE ROLE keycloak_reader LOGIN PASSWORD '…';
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO keycloak_reader', current_database()); END $$;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO keycloak_reader', current_schema()); END $$;
GRANT SELECT (id, name) ON realm TO keycloak_reader;
GRANT SELECT (
  id, realm_id, username, email, email_verified, enabled, first_name, last_name, service_account_client_link, created_timestamp
) ON user_entity TO keycloak_reader;
GRANT SELECT (user_id, name, value) ON user_attribute TO keycloak_reader;
