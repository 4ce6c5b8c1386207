import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { postgresUrl } from './postgres.ts';

/** Lets the role of the sweep read users in Keycloak's database, whose tables must exist by now. */
export async function grantReader(root: string, port: number, password: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl(port, 'keycloak', password, 'keycloak') });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(readFileSync(path.join(root, 'keycloak', 'reader.sql'), 'utf8'));
  } finally {
    await client.end();
  }
}
