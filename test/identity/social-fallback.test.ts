import { expect, inject, describe, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { me, stepsOverService } from '../support/life-steps.ts';
import { makePerson, type Person } from '../support/people.ts';
import { makeSocialPerson, type SocialPerson, socialToken, withSocial } from '../support/social-steps.ts';
import { Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();

/** Somebody who linked her account by signing in to it. */
async function linked(): Promise<{ person: Person; social: SocialPerson; visitor: Visitor }> {
  const person = await makePerson(await openAdmin(endpoints));
  const social = await makeSocialPerson(person.email);
  const visitor = new Visitor();
  const page = await withSocial(visitor, steps.publicUrl, social);
  const form = await visitor.submit(page, { submitAction: 'linkAccount' });
  await visitor.submit(form, { username: person.email, password: person.password });
  return { person, social, visitor };
}

const asks = async (token: string) => {
  const { data, errors, code } = await steps.ask(me, {}, token);
  return data?.me ?? errors?.[0]?.extensions?.code ?? code;
};

describe('tokens of the provider itself, beside Keycloak (decision 29)', () => {
  test('count for whoever linked it, at level 1, until the link is gone', async () => {
    const { person, social, visitor } = await linked();
    const own = await asks(visitor.cookies.get('__Host-access') ?? '');
    const token = await socialToken(social);
    await expect.poll(() => asks(token), { timeout: 8000 }).toMatchObject({ id: own.id, status: 'ACTIVE' });
    const wish = 'mutation { revokeSessions(allOthers: true) { __typename ... on StepUpRequiredError { acr } } }';
    expect((await steps.ask(wish, {}, token))['data']?.revokeSessions).toMatchObject({ acr: '2' });

    await steps.admin('DELETE', `/users/${person.subject}/federated-identity/auth0`);

    await expect.poll(() => asks(token), { timeout: 8000 }).toBe('UNAUTHENTICATED');
    expect(await asks(await socialToken(social))).toBe('UNAUTHENTICATED');
  });

  test('with the victim’s address and no link they are nobody’s', async () => {
    const victim = await makePerson(await openAdmin(endpoints));

    const token = await socialToken(await makeSocialPerson(victim.email));

    expect(await asks(token)).toBe('UNAUTHENTICATED');
  });

  test('of a suspended customer they are refused', async () => {
    const { person, social } = await linked();
    const token = await socialToken(social);
    await expect.poll(() => asks(token), { timeout: 8000 }).toMatchObject({ status: 'ACTIVE' });

    await steps.admin('PUT', `/users/${person.subject}`, { enabled: false });

    await expect.poll(() => asks(token), { timeout: 8000 }).toBe('UNAUTHENTICATED');
  });
});
