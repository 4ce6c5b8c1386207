import { expect, test } from 'vitest';
import { keycloakKill } from './keycloak-kill.ts';

test('Keycloak killed in the middle of changes, three times, loses none of them (design §4)', async () => {
  const rounds = await keycloakKill(3, () => undefined);

  for (const { acknowledged, drift, disordered } of rounds) {
    expect(acknowledged).toBeGreaterThanOrEqual(25);
    expect({ drift, disordered }).toEqual({ drift: 0, disordered: 0 });
  }
});
