import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { anyPorts, choosePorts, defaultPorts, portsFrom } from '../../local/ports.ts';

let holder: Server | undefined;

afterEach(() => {
  holder?.close();
  holder = undefined;
});

async function takenPort(): Promise<number> {
  holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  return (holder.address() as AddressInfo).port;
}

describe('ports of the local stack', () => {
  test('a taken port is told in one sentence that names its variable', async () => {
    const port = await takenPort();

    await expect(choosePorts({ ...anyPorts, REDIS_PORT: port }, ['REDIS_PORT'])).rejects.toThrow(
      `Port ${port} is taken by another program; set REDIS_PORT to another port, or to 0 for any free one.`,
    );
  });

  test('a taken port of a part that does not run is no matter', async () => {
    const port = await takenPort();

    await expect(choosePorts({ ...anyPorts, REDIS_PORT: port }, ['MAIL_PORT'])).resolves.toMatchObject({
      REDIS_PORT: port,
    });
  });

  test('any free ports are all different', async () => {
    const chosen = await choosePorts(anyPorts, ['PORT', 'ADMIN_PORT', 'REDIS_PORT', 'MAIL_PORT']);

    const ports = [chosen.PORT, chosen.ADMIN_PORT, chosen.REDIS_PORT, chosen.MAIL_PORT];
    expect(new Set(ports).size).toBe(4);
    expect(Math.min(...ports)).toBeGreaterThan(0);
  });

  test('the environment moves a port, and what is not a port is refused', () => {
    expect(portsFrom({})).toEqual(defaultPorts);
    expect(portsFrom({ PORT: '0', SMTP_PORT: ' 2525 ' })).toMatchObject({ PORT: 0, SMTP_PORT: 2525 });
    expect(() => portsFrom({ PORT: '65536' })).toThrow(/PORT must be a port/);
    expect(() => portsFrom({ PORT: '-1' })).toThrow(/PORT must be a port/);
    expect(() => portsFrom({ PORT: '80a' })).toThrow(/PORT must be a port/);
  });

  test('two parts on one port are refused', () => {
    expect(() => portsFrom({ PORT: '5000', ADMIN_PORT: '5000' })).toThrow(
      'PORT and ADMIN_PORT name the same port, 5000.',
    );
  });
});
