import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

describe('the first sign-in of a customer ends her registration (spec §1)', () => {
  test('it is counted once, also when she comes back with another device', async () => {
    await world.signedIn();
    world.from = { ...world.from, userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    await world.signedIn();

    expect(world.counted).toEqual(['signed in', 'signed in']);
    expect(world.registrations).toEqual(['first_sign_in']);
  });
});
