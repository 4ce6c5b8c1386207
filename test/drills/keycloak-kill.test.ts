import { expect, test } from 'vitest';
import { keycloakKill } from './keycloak-kill.ts';

test('Keycloak killed in the middle of fifty changes, three times, loses none of them (design §4)', async () => {
  const rounds = await keycloakKill(3, (line) => process.stdout.write(`  ${line}\n`));

  expect(rounds).toHaveLength(3);
  for (const { acknowledged, unanswered, kinds, lost, drift, twice, disordered } of rounds) {
    expect({ lost, drift, twice, disordered }).toEqual({ lost: [], drift: [], twice: [], disordered: [] });
    expect(acknowledged).toBeGreaterThanOrEqual(40);
    // The kill came in the middle: somebody waited for an answer that never came.
    expect(unanswered).toBeGreaterThan(0);
    expect(kinds).toBeGreaterThanOrEqual(10);
  }
});
