import path from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Endpoints } from '../../local/endpoints.ts';
import { startStack } from '../../local/stack.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    endpoints: Endpoints;
    /** What the service needs in its environment to use this stack; it runs in the test's process. */
    environment: Record<string, string>;
    /** Where the stack keeps its data and logs. */
    stateDir: string;
    /** PostgreSQL as its superuser. */
    superuserUrl: string;
  }
}

/** One real PostgreSQL, Redis, mail catcher and Keycloak for all tests that need a whole stack. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({
    parts: ['postgres', 'redis', 'mail', 'sms', 'keycloak'],
    durable: false,
    say: (line) => process.stdout.write(`  ${line}\n`),
  });
  project.provide('endpoints', stack.endpoints);
  // All tests come from one network and share one Redis; the limits have tests of their own.
  const test = {
    REGISTRATIONS_PER_HOUR: '1000',
    SMS_PER_ADDRESS_PER_HOUR: '1000',
    SMS_PER_PREFIX_PER_HOUR: '1000',
    SMS_PER_COUNTRY_PER_HOUR: '1000',
    SMS_BREAKER_LEAST: '1000',
    // A Keycloak that has just started takes longer for its first mail than a customer should wait.
    KEYCLOAK_TIMEOUT_SECONDS: '15',
    TEST_LOG: path.join(stack.stateDir, 'log', 'service-in-test.log'),
  };
  project.provide('environment', { ...stack.environment('all'), ...test });
  project.provide('stateDir', stack.stateDir);
  project.provide('superuserUrl', stack.superuserUrl);
  return () => stack.stop();
}
