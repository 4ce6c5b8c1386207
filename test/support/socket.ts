import { expect } from 'vitest';
import { WebSocket } from 'ws';

interface Line {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A client that speaks `graphql-transport-ws` and keeps what it hears. */
export class Socket {
  readonly lines: Line[] = [];
  /** The code it was closed with; -1 when it never opened. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #opened: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
    this.#socket.on('message', (data: Buffer) => this.lines.push(JSON.parse(data.toString()) as Line));
    this.#opened = new Promise((resolve) => this.#socket.once('open', () => resolve()));
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code) => resolve(code));
      this.#socket.on('error', () => resolve(-1));
    });
  }

  /** Says who it is, by a token or by the cookie it came with. */
  async begin(token?: string): Promise<this> {
    await this.#opened;
    const payload = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#socket.send(JSON.stringify({ type: 'connection_init', payload }));
    return this;
  }

  /** Subscribes, and waits for the first line of the answer. */
  async follow(query: string): Promise<this> {
    await expect.poll(() => this.lines.some(({ type }) => type === 'connection_ack'), { timeout: 5000 }).toBe(true);
    this.#socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await expect.poll(() => this.lines.some(({ id }) => id === '1'), { timeout: 5000 }).toBe(true);
    return this;
  }

  /** Everything it heard, as text. */
  text(): string {
    return JSON.stringify(this.lines);
  }

  end(): void {
    this.#socket.close();
  }
}
