import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { Failure } from './failure.ts';

/**
 * Where the parts listen unless the environment says otherwise; the variable's name is the key. All lie below the range
 * from which systems give out ports for outgoing connections (32768 and up).
 */
export const defaultPorts = {
  PORT: 4000,
  ADMIN_PORT: 4001,
  GRPC_PORT: 4002,
  KEYCLOAK_PORT: 18080,
  POSTGRES_PORT: 15432,
  REDIS_PORT: 16379,
  MAIL_PORT: 1080,
  SMTP_PORT: 1025,
  SMS_PORT: 1081,
  ADDRESS_PORT: 1082,
} as const;

/** The variable that moves a part to another port. */
export type PortName = keyof typeof defaultPorts;

/** A port for each name; 0 in a wish means any free one. */
export type Ports = Record<PortName, number>;

const names = Object.keys(defaultPorts) as PortName[];

/** A wish for any free port everywhere: how tests start. */
export const anyPorts = Object.fromEntries(names.map((name) => [name, 0])) as Ports;

/**
 * Reads the wished ports.
 *
 * @throws Failure when a variable is not a whole number from 0 to 65535, or two name the same port
 */
export function portsFrom(env: NodeJS.ProcessEnv): Ports {
  const ports = { ...defaultPorts } as Ports;
  for (const name of names) {
    const text = env[name]?.trim();
    if (!text) continue;
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
      throw new Failure(`${name} must be a port from 0 (any free one) to 65535, not "${text}".`);
    }
    ports[name] = Number(text);
  }
  for (const name of names) {
    const other = names.find(
      (candidate) => candidate !== name && ports[name] !== 0 && ports[candidate] === ports[name],
    );
    if (other) throw new Failure(`${name} and ${other} name the same port, ${ports[name]}.`);
  }
  return ports;
}

/** Whether a server could listen on this port of the loopback address now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A free port that is not in `taken`, to which it is added. Below 32768, so that no outgoing connection takes it meanwhile. */
export async function freePort(taken: Set<number>): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(20_000, 32_000);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Failure('No free port was found between 20000 and 32000.');
}

/**
 * Turns wishes into ports: a fixed one must be free, 0 becomes any free one.
 *
 * @param used  the parts that will really listen; the others keep their wish
 * @throws Failure that names the port and its variable
 */
export async function choosePorts(wished: Ports, used: readonly PortName[]): Promise<Ports> {
  const ports = { ...wished };
  const taken = new Set(Object.values(wished));
  for (const name of used) {
    if (ports[name] === 0) ports[name] = await freePort(taken);
    else if (!(await isFree(ports[name]))) {
      throw new Failure(
        `Port ${ports[name]} is taken by another program; set ${name} to another port, or to 0 for any free one.`,
      );
    }
  }
  return ports;
}
