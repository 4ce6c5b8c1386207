import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson } from '../support/people.ts';
import { atSocial, makeSocialPerson, withSocial } from '../support/social-steps.ts';
import { Visitor } from '../support/visitor.ts';

const steps = stepsOverService();

describe('an account at a provider, linked from our page (contracts: rest, /auth/action/link)', () => {
  test('with her password proven anew it is linked, whatever its address, shown, told of, and signs her in', async () => {
    const person = await makePerson(await openAdmin(inject('endpoints')));
    const social = await makeSocialPerson();
    const visitor = new Visitor();
    const asked = await visitor.open(`${steps.publicUrl}/auth/action/link?credential=auth0`);
    const credentials = { username: person.email, password: person.password };
    const once = await visitor.submit(asked, credentials);
    const page = once.text.includes('name="password"') ? await visitor.submit(once, credentials) : once;

    const back = await atSocial(visitor, await visitor.submit(page, {}), social);

    expect(back.url).toBe(`${steps.publicUrl}/account?action=link&status=success`);
    const query = '{ me { credentials { id kind } } }';
    const { data } = await steps.ask(query, {}, visitor.cookies.get('__Host-access'));
    expect(data.me.credentials).toContainEqual({ id: 'social-auth0', kind: 'SOCIAL' });
    const told = async () => (await steps.mailsTo(person.email)).filter(({ text }) => text.includes('was linked'));
    await expect.poll(async () => (await told()).length, { timeout: 15_000 }).toBe(1);
    const later = new Visitor();
    await withSocial(later, steps.publicUrl, social);
    expect(later.cookies.has('__Host-access')).toBe(true);
  });
});
