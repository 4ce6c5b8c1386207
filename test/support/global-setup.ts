import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startStack } from '../../local/stack.ts';
import { migrate } from '../../src/commands/migrate.ts';

declare module 'vitest' {
  /** What tests are told of the stack beneath them. */
  export interface ProvidedContext {
    /** PostgreSQL as its superuser; the path is the database to be exchanged. */
    postgresUrl: string;
    redisUrl: string;
  }
}

/** Databases that every test file gets a copy of. */
export const templates = { main: 'template_main', keys: 'template_keys' } as const;

const urlOf = (superuserUrl: string, database: string): string =>
  Object.assign(new URL(superuserUrl), { pathname: `/${database}` }).href;

async function makeTemplates(superuserUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    for (const name of Object.values(templates)) await client.query(`create database ${name}`);
    await migrate({
      DATABASE_URL: urlOf(superuserUrl, templates.main),
      KEYS_DATABASE_URL: urlOf(superuserUrl, templates.keys),
    });
    for (const name of Object.values(templates)) await client.query(`alter database ${name} allow_connections false`);
  } finally {
    await client.end();
  }
}

/** Brings up PostgreSQL and Redis once for all test files, with a migrated database to be copied. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({ parts: ['postgres', 'redis'], durable: false });
  try {
    await makeTemplates(stack.superuserUrl);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  project.provide('postgresUrl', stack.superuserUrl);
  project.provide('redisUrl', stack.endpoints.redis.url);
  return () => stack.stop();
}
