import { decodeJwt } from 'jose';
import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson, newUser, madeId } from '../support/people.ts';
import { codeOf, makePersonWithApp } from '../support/second-factors.ts';
import { makeSocialPerson, withSocial } from '../support/social-steps.ts';
import { type Page, Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
const isSignedIn = (visitor: Visitor): boolean => visitor.cookies.has('__Host-access');
const claimsOf = (visitor: Visitor) => decodeJwt<{ acr: string }>(visitor.cookies.get('__Host-access') ?? '');

const linksOf = async (subject: string): Promise<{ identityProvider: string; userId: string }[]> =>
  steps.admin('GET', `/users/${subject}/federated-identity`);

/** Says at Keycloak's page that she wants to link the account that there is. */
const goOn = (visitor: Visitor, page: Page): Promise<Page> => visitor.submit(page, { submitAction: 'linkAccount' });

describe('an account that exists is linked only by signing in to it (decision 29)', () => {
  test('with the password of that account it is linked, and no mail alone would do', async () => {
    const person = await makePerson(await openAdmin(endpoints));
    const social = await makeSocialPerson(person.email);
    const visitor = new Visitor();
    const asked = await withSocial(visitor, steps.publicUrl, social);
    expect(isSignedIn(visitor)).toBe(false);

    const form = await goOn(visitor, asked);
    expect([form.text.includes('name="password"'), await steps.mailsTo(person.email)]).toEqual([true, []]);
    await visitor.submit(form, { username: person.email, password: person.password });

    expect(claimsOf(visitor)).toMatchObject({ sub: person.subject, acr: '1' });
    expect(await linksOf(person.subject)).toMatchObject([{ identityProvider: 'auth0', userId: social.subject }]);
  });

  test('whoever has the address at the provider and not the password gets nothing', async () => {
    const victim = await makePerson(await openAdmin(endpoints));
    const thief = await makeSocialPerson(victim.email);
    const visitor = new Visitor();
    const form = await goOn(visitor, await withSocial(visitor, steps.publicUrl, thief));

    const refused = await visitor.submit(form, { username: victim.email, password: thief.password });

    expect([refused.text.includes('name="password"'), isSignedIn(visitor)]).toEqual([true, false]);
    expect(await linksOf(victim.subject)).toEqual([]);
  });

  test('an account with a second factor asks for it before it is linked, and at every social sign-in after', async () => {
    const person = await makePersonWithApp(await openAdmin(endpoints));
    const social = await makeSocialPerson(person.email);
    const visitor = new Visitor();
    const form = await goOn(visitor, await withSocial(visitor, steps.publicUrl, social));
    const asked = await visitor.submit(form, { username: person.email, password: person.password });
    expect([asked.text.includes('name="otp"'), isSignedIn(visitor)]).toEqual([true, false]);
    expect(await linksOf(person.subject)).toEqual([]);

    // The clock of a phone may be half a minute off, so one window has codes for two sign-ins.
    await visitor.submit(asked, { otp: codeOf(person.secret, Date.now() - 25_000) });
    expect(claimsOf(visitor)).toMatchObject({ sub: person.subject, acr: '2' });

    const later = new Visitor();
    const again = await withSocial(later, steps.publicUrl, social);
    expect([again.text.includes('name="otp"'), isSignedIn(later)]).toEqual([true, false]);
    await later.submit(again, { otp: codeOf(person.secret, Date.now() + 25_000) });
    expect(claimsOf(later)).toMatchObject({ sub: person.subject, acr: '2' });
  });
});

describe('social sign-in onto a squatted account (decision 9)', () => {
  test('hands over nothing that was set before, and the squatter is out', async () => {
    const admin = await openAdmin(endpoints);
    const password = 'the squatter keeps this one';
    const user = newUser({
      emailVerified: false,
      firstName: 'Squatter',
      credentials: [{ type: 'password', value: password }],
    });
    const squatted = madeId(await admin('POST', '/users', user));
    await expect.poll(() => steps.customersOf(user.email), { timeout: 8000 }).toHaveLength(1);
    const [before] = await steps.customersOf(user.email);

    const her = new Visitor();
    await withSocial(her, steps.publicUrl, await makeSocialPerson(user.email));
    const [link = ''] = await steps.linksTo(user.email);
    await steps.openLink(link, her);

    expect(isSignedIn(her)).toBe(true);
    const [now, ...others] = await steps.usersOf(user.email);
    expect([others, now.id === squatted, JSON.stringify(now).includes('Squatter')]).toEqual([[], false, false]);
    expect(await steps.admin('GET', `/users/${now.id}/credentials`)).toEqual([]);
    expect(await steps.tokenOf(user.email, 'openid', password)).toBe('');
    const after = await steps.customersOf(user.email);
    expect([after.length, after[0] === before]).toEqual([1, false]);
  });

  test('an account whose proof was only taken back is not dropped: it asks for its password', async () => {
    const owner = await steps.signedUp();
    const user = await steps.userOf(owner.email);
    await steps.admin('PUT', `/users/${user.id}`, { emailVerified: false });
    const visitor = new Visitor();

    const asked = await withSocial(visitor, steps.publicUrl, await makeSocialPerson(owner.email));

    expect([asked.text.includes('value="linkAccount"'), isSignedIn(visitor)]).toEqual([true, false]);
    expect((await steps.userOf(owner.email)).id).toBe(user.id);
    expect(await steps.customersOf(owner.email)).toEqual([owner.id]);
  });
});
