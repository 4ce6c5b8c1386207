import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeServer } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ctx } from '../../../src/context.ts';
import { nobody } from '../../../src/domain/access.ts';
import { createLog } from '../../../src/platform/log.ts';
import { createGraph } from '../../../src/server/graphql.ts';
import { createPublicServer, type HttpParts } from '../../../src/server/http.ts';
import { speak } from '../../../src/server/socket-line.ts';
import { serveSockets } from '../../../src/server/sockets.ts';
import { SocketClient } from '../../support/socket-client.ts';

const log = createLog('silent');
const server = { publicUrl: 'http://own.example', allowedOrigins: [], routerSecrets: [], trustedProxies: [] };
const claims = { issuer: 'i', subject: randomUUID(), permissions: [], clientId: 'c', service: true, issuedAt: 0 };

/** A listener whose token check waits, so that somebody can leave meanwhile; it counts who is taken for present. */
class Listener {
  present = 0;
  taken = 0;
  asked = 0;
  #letIn: () => void = () => undefined;
  readonly #gate = new Promise<void>((resolve) => (this.#letIn = resolve));
  readonly http: Server;

  constructor() {
    const parts = {
      config: { server, production: false },
      log,
      metrics: { seconds: { startTimer: () => () => undefined }, requests: { inc: () => undefined } },
      graph: createGraph({ introspection: true, production: false, log }),
      revocations: { trusted: () => true, isRevoked: () => false },
      verifier: {
        verify: async () => {
          this.asked += 1;
          await this.#gate;
          return { ...claims, expiresAt: Date.now() };
        },
      },
      contextFor: async () => ({ actor: nobody, request: { id: 'r' } }) as unknown as Ctx,
      streams: {
        open: () => {
          this.present += 1;
          this.taken += 1;
          return () => void (this.present -= 1);
        },
      },
    };
    this.http = createPublicServer(parts as unknown as HttpParts);
    serveSockets(parts as unknown as HttpParts, this.http);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async isAlone(): Promise<void> {
    const count = (): Promise<number> =>
      new Promise((resolve) => this.http.getConnections((_error, connections) => resolve(connections)));
    await expect.poll(count, { timeout: 5000 }).toBe(0);
  }

  async letIn(): Promise<void> {
    this.#letIn();
    await expect.poll(() => this.taken, { timeout: 5000 }).toBe(1);
  }
}

let listener: Listener;
beforeEach(async () => {
  listener = new Listener();
  await once(listener.http.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => listener.http.close());

describe('whoever leaves a socket while her token is looked at', () => {
  test('is not counted among the live answers for ever', async () => {
    const client = new SocketClient(listener.url);
    await client.opened;
    client.send({ type: 'connection_init', payload: { authorization: 'Bearer x' } });
    await expect.poll(() => listener.asked, { timeout: 5000 }).toBe(1);

    client.socket.terminate();
    await listener.isAlone();
    await listener.letIn();

    await expect.poll(() => listener.present).toBe(0);
  });
});

describe('a socket whose other end is gone without a word', () => {
  afterEach(() => vi.useRealTimers());

  test.each([
    ['answers pings', true],
    ['does not', false],
  ])('is cut off unless it %s', (_name, answers) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const calls: string[] = [];
    const ws = Object.assign(new EventEmitter(), {
      protocol: 'graphql-transport-ws',
      ping: () => calls.push('ping') && answers && ws.emit('pong'),
      terminate: () => calls.push('terminate'),
      close: () => undefined,
    });
    const protocol = makeServer({ connectionInitWaitTimeout: 0 });

    speak(protocol as never, { socket: ws, request: {} } as never, log);
    vi.advanceTimersByTime(25_000);

    expect(calls).toEqual(answers ? ['ping', 'ping'] : ['ping', 'terminate']);
    ws.emit('close', 1000, '');
  });
});

test('what comes over a socket after we closed it is not read', () => {
  const read: string[] = [];
  const ws = Object.assign(new EventEmitter(), { OPEN: 1, readyState: 1 });
  const opened = (line: { onMessage(take: (text: string) => Promise<void>): void }) => {
    line.onMessage((text) => Promise.resolve(void read.push(text)));
    return () => Promise.resolve();
  };

  const extra = { socket: ws, request: {} };
  speak({ opened }, extra as never, log);
  ws.emit('message', Buffer.from('before'));
  ws.readyState = 2;
  ws.emit('message', Buffer.from('after'));
  ws.emit('close', 1000, '');

  expect(read).toEqual(['before']);
});
