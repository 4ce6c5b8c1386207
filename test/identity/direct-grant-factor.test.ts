import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { FactorVisits, mobile, newSecret, totpOf } from '../support/factor-visits.ts';
import { type RunningService, startService } from '../support/running-service.ts';

// All tests come from one address; the limits have tests of their own.
const environment = inject('environment');
let service: RunningService;
let visits: FactorVisits;
beforeAll(async () => {
  service = await startService(environment);
  visits = await FactorVisits.open(inject('endpoints'));
});
afterAll(async () => {
  await visits[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const wrong = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('the direct grant asks for the second factor (contracts/access.md, customer-login)', () => {
  test('who has none gets a token at once', async () => {
    expect(await visits.grant(await visits.person())).toMatchObject({ status: 200 });
  });

  test('who has a number is asked, gets a code where she wants one, and a token for it once', async () => {
    const number = mobile();
    const person = await visits.person({ number });

    const asked = await visits.grant(person);
    const sent = await visits.grant(person, { otp_method: 'sms' });
    const code = await visits.codeTo(number);
    const refused = await visits.grant(person, { otp: wrong(code) });
    await visits.failures(person, 1);
    const granted = await visits.grant(person, { otp: code });
    const replayed = await visits.grant(person, { otp: code, otp_method: 'sms' });

    expect(asked).toMatchObject({ status: 400, body: { error: 'mfa_required', mfa_methods: ['sms'] } });
    expect(asked.body).not.toHaveProperty('mfa_sms');
    expect(sent).toMatchObject({ status: 400, body: { error: 'mfa_required', mfa_sms: 'sent' } });
    expect(await visits.textsTo(number)).toHaveLength(1);
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(granted).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });
    expect(replayed.body.error).toBe('invalid_grant');
  });

  test('an authenticator works too, and neither method takes the code of the other', async () => {
    const secret = newSecret();
    const person = await visits.person({ totp: secret });

    const asked = await visits.grant(person);
    const other = await visits.grant(person, { otp: totpOf(secret), otp_method: 'sms' });
    await visits.failures(person, 1);
    const unknown = await visits.grant(person, { otp: totpOf(secret), otp_method: 'none' });
    await visits.failures(person, 2);
    const granted = await visits.grant(person, { otp: totpOf(secret) });

    expect(asked.body).toMatchObject({ error: 'mfa_required', mfa_methods: ['totp'] });
    expect([other.body.error, unknown.body.error]).toEqual(['invalid_grant', 'invalid_grant']);
    expect(granted.status).toBe(200);
  });
});
