import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { makePerson } from '../support/people.ts';
import { stepsOverService } from '../support/life-steps.ts';

const steps = stepsOverService();
const endpoints = inject('endpoints');

const kept = (subject: string) =>
  steps.rows<{ to: string; by: string; roles: string[] }>(
    `select granted_to as to, granted_by as by, roles from role_grant where subject = $1 order by at`,
    subject,
  );
const metrics = async (): Promise<string> => (await fetch(endpoints.metrics)).text();
const counted = async (by: string, to: string): Promise<number> => {
  const line = new RegExp(`^customers_staff_role_grants_total\\{by="${by}",to="${to}"\\} (\\d+)`, 'm');
  return Number(line.exec(await metrics())?.[1] ?? 0);
};

describe('a staff role that is granted at a real Keycloak raises an alarm (access)', () => {
  test('a role to a person, a permission to a person', async () => {
    const admin = await openAdmin(endpoints);
    const { subject } = await makePerson(admin);
    const before = await counted('staff', 'person');

    await admin('POST', `/users/${subject}/role-mappings/realm`, [await steps.admin('GET', '/roles/support')]);
    await expect
      .poll(() => kept(subject), { timeout: 8000 })
      .toEqual([{ to: 'person', by: 'staff', roles: ['support'] }]);
    const [api] = (await steps.admin('GET', '/clients?clientId=customer-api')) as { id: string }[];
    const permission: unknown = await steps.admin('GET', `/clients/${api?.id}/roles/customer:merge`);
    await admin('POST', `/users/${subject}/role-mappings/clients/${api?.id}`, [permission]);

    await expect
      .poll(async () => (await kept(subject)).at(-1)?.roles, { timeout: 8000 })
      .toEqual([`client ${api?.id}`, 'support']);
    expect(await counted('staff', 'person')).toBe(before + 2);
    await expect.poll(metrics, { timeout: 8000 }).toContain('customers_alarm{what="staff-role-granted"} 1');
  });

  test('a role that consists of more from now on, to all who have it', async () => {
    const before = await counted('staff', 'holders');
    const name = `made-by-a-test-${Date.now()}`;
    await steps.admin('POST', '/roles', { name });
    const part: unknown = await steps.admin('GET', '/roles/support');

    await steps.admin('POST', `/roles/${name}/composites`, [part] as never);

    await expect.poll(() => counted('staff', 'holders'), { timeout: 8000 }).toBe(before + 1);
    await steps.admin('DELETE', `/roles/${name}`);
  });

  test('a role to a service account, and by one', async () => {
    const admin = await openAdmin(endpoints);
    const [client] = (await steps.admin('GET', '/clients?clientId=customer-service')) as { id: string }[];
    const account = (await steps.admin('GET', `/clients/${client?.id}/service-account-user`)) as { id: string };
    const role: unknown = await steps.admin('GET', '/roles/support');
    const { subject } = await makePerson(admin);

    await admin('POST', `/users/${account.id}/role-mappings/realm`, [role]);
    await expect.poll(() => kept(account.id), { timeout: 8000 }).toMatchObject([{ to: 'service', by: 'staff' }]);
    await admin('DELETE', `/users/${account.id}/role-mappings/realm`, [role]);
    await byService('POST', `/users/${subject}/role-mappings/realm`, [role]);

    await expect.poll(() => kept(subject), { timeout: 8000 }).toMatchObject([{ to: 'person', by: 'service' }]);
    await expect.poll(metrics, { timeout: 8000 }).toContain('customers_alarm{what="staff-role-of-a-service"} 1');
  });
});

/** As our own service account, which may manage users and so give roles. */
async function byService(method: string, path: string, body: object): Promise<void> {
  const { keycloak, clients } = endpoints;
  const { id, secret = '' } = clients.service;
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const { access_token: token } = (await (
    await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  ).json()) as { access_token: string };
  const answer = await fetch(`${keycloak.url}/admin/realms/${keycloak.realm}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to the service.`);
}
