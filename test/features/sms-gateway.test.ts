import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { type SmsCatcher, startSms } from '../../local/sms.ts';
import { createSmsGateway, type SmsAccount, SmsFailed } from '../../src/platform/sms.ts';

const customer = { account: 'AC0123', token: 'a token of the local gateway' };
const from = '+15005550006';
const text = { to: '+4915112345678', body: 'Your code is 123456.' };

describe('the gateway for text messages (issue 2, deliverable 2)', () => {
  let catcher: SmsCatcher;
  let account: SmsAccount;
  beforeEach(async () => {
    const port = await freePort(new Set());
    catcher = await startSms(port, customer);
    account = { ...customer, url: `http://127.0.0.1:${port}`, from };
  });
  afterEach(() => catcher.stop());

  const sent = async (): Promise<unknown> => (await fetch(`${account.url}/messages?to=%2B4915112345678`)).json();
  const faultOf = (sms: SmsAccount | undefined, message = text, patienceMs = 1000): Promise<unknown> =>
    createSmsGateway(sms, patienceMs)
      .send(message)
      .then(
        () => 'sent',
        (error: unknown) => (error instanceof SmsFailed ? [error.fault, error.gatewayCode] : error),
      );

  test('a message arrives as it was written, and can be read on the page', async () => {
    await createSmsGateway(account).send({ ...text, body: 'Ihr Code: 12 & <34> +5 ü' });

    expect(await sent()).toMatchObject([{ to: text.to, from, body: 'Ihr Code: 12 & <34> +5 ü' }]);
    const page = await (await fetch(account.url)).text();
    expect(page).toContain('Ihr Code: 12 &#38; &#60;34&#62; +5 ü');
  });

  test.each([
    ['a wrong token', { token: 'another token of somebody' }, text, ['refused', 20003]],
    ['another account', { account: 'AC9999' }, text, ['refused', 20003]],
    ['a number that is none', {}, { ...text, to: '12' }, ['number', 21211]],
    ['no text', {}, { ...text, body: '' }, ['refused', 21602]],
  ])('%s is an error of its own, and nothing is sent', async (_name, other, message, fault) => {
    expect(await faultOf({ ...account, ...other }, message)).toEqual(fault);
    expect(await sent()).toEqual([]);
  });

  test('what was sent is read by this machine’s own pages only, and can be thrown away', async () => {
    await createSmsGateway(account).send(text);

    const answer = await fetch(`${account.url}/messages`, { headers: { origin: 'http://evil.test' } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(await (await fetch(`${account.url}/messages`, { method: 'DELETE' })).json()).toEqual({ deleted: 1 });
    expect(await sent()).toEqual([]);
  });

  test('without a gateway, with none that answers, and with one in trouble it is said so in time', async () => {
    const servers: Server[] = [];
    const serve = async (status: number | undefined): Promise<string> => {
      const server = createServer((_request, response) => (status ? response.writeHead(status).end('{') : undefined));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const nowhere = `http://127.0.0.1:${await freePort(new Set())}`;

    expect(await faultOf(undefined)).toEqual(['off', undefined]);
    expect(await faultOf({ ...account, url: nowhere })).toEqual(['unreachable', undefined]);
    expect(await faultOf({ ...account, url: await serve(undefined) }, text, 200)).toEqual(['timeout', undefined]);
    expect(await faultOf({ ...account, url: await serve(503) })).toEqual(['unreachable', undefined]);
    expect(await faultOf({ ...account, url: await serve(400) })).toEqual(['refused', undefined]);
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });
});
