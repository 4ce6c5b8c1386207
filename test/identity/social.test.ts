import { describe, expect, test } from 'vitest';
import { me, stepsOverService } from '../support/life-steps.ts';
import { makeSocialPerson, withSocial } from '../support/social-steps.ts';
import { Visitor } from '../support/visitor.ts';

const steps = stepsOverService();
const isSignedIn = (visitor: Visitor): boolean => visitor.cookies.has('__Host-access');

const mine = async (visitor: Visitor): Promise<Record<string, unknown>> =>
  (await steps.ask(me, {}, visitor.cookies.get('__Host-access')))['data'].me;

describe('whoever comes from a provider for the first time (FR-1, decision 29)', () => {
  test('is a new customer once our mail has proven her address, and signs in again without another question', async () => {
    const person = await makeSocialPerson();
    const first = new Visitor();
    const waiting = await withSocial(first, steps.publicUrl, person);
    expect([isSignedIn(first), waiting.text.includes('verify')]).toEqual([false, true]);
    await expect.poll(() => steps.customersOf(person.email), { timeout: 8000 }).toHaveLength(1);
    const [id = ''] = await steps.customersOf(person.email);
    expect(await steps.statusOf(id)).toBe('PENDING_VERIFICATION');

    const [link = ''] = await steps.linksTo(person.email);
    await steps.openLink(link, first);

    expect(isSignedIn(first)).toBe(true);
    expect(await mine(first)).toMatchObject({ id, status: 'ACTIVE', givenName: 'Ada', email: { verified: true } });
    const again = new Visitor();
    await withSocial(again, steps.publicUrl, person);
    expect(await mine(again)).toMatchObject({ id });
  });
});

/** At the provider, and where its answer goes. */
async function atProvider(visitor: Visitor): Promise<{ back: URL; state: string }> {
  const login = await visitor.open(`${steps.publicUrl}/auth/login`);
  const { searchParams } = new URL((await visitor.follow(login, 'broker/auth0/login')).url);
  return { back: new URL(searchParams.get('redirect_uri') ?? ''), state: searchParams.get('state') ?? '' };
}

describe('a social sign-in that comes to nothing (FR-1)', () => {
  test.each([
    ['en', 'access_denied', 'The sign-in with Auth0 was cancelled.'],
    ['de', 'access_denied', 'Die Anmeldung mit Auth0 wurde abgebrochen.'],
    ['en', 'server_error', 'The sign-in with the other provider did not work.'],
    ['de', 'temporarily_unavailable', 'Die Anmeldung beim anderen Anbieter hat nicht geklappt.'],
  ])('in %s, %s: she reads a sentence beside the other ways to sign in', async (language, error, says) => {
    const visitor = new Visitor(language);
    const { back, state } = await atProvider(visitor);
    back.search = new URLSearchParams({ error, state }).toString();

    const page = await visitor.open(back.href);

    expect([page.text.includes(says), page.text.includes('name="password"')]).toEqual([true, true]);
    expect(page.text).not.toMatch(/org\.keycloak|Exception/);
  });

  test.each(['nobodys', 'another'])('an answer under the state of %s signs nobody in', async (whose) => {
    const [visitor, other] = [new Visitor(), new Visitor()];
    const { back, state } = await atProvider(visitor);
    const foreign = whose === 'another' ? state : 'nobodys';
    back.search = new URLSearchParams({ code: 'made-up', state: foreign }).toString();

    const page = await other.open(back.href);

    expect([page.status, isSignedIn(other)]).toEqual([400, false]);
    expect(page.text).toContain('This did not work');
    expect(page.text).not.toMatch(/org\.keycloak|Exception/);
  });
});
