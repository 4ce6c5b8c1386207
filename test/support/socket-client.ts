import { expect } from 'vitest';
import { WebSocket } from 'ws';

/** A line of `graphql-transport-ws`. */
export interface SocketLine {
  type: string;
  id?: string;
  payload?: any;
}

/** Somebody at the other end of a socket. */
export class SocketClient {
  readonly lines: SocketLine[] = [];
  readonly opened: Promise<void>;
  /** The close code; the HTTP status, or -1, of what never became a socket. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;

  constructor(url: string, headers: Record<string, string> = {}, path = '/graphql') {
    this.socket = new WebSocket(url.replace('http', 'ws') + path, 'graphql-transport-ws', { headers });
    this.socket.on('message', (data: Buffer) => this.lines.push(JSON.parse(data.toString()) as SocketLine));
    this.opened = new Promise((resolve) => this.socket.once('open', () => resolve()));
    this.closed = new Promise((resolve) => {
      this.socket.on('unexpected-response', (_req, res) => resolve(res.statusCode ?? 0));
      this.socket.on('close', (code) => resolve(code));
      this.socket.on('error', () => resolve(-1));
    });
  }

  send(line: object | string): void {
    this.socket.send(typeof line === 'string' ? line : JSON.stringify(line));
  }

  /** Says who it is: by a token, or by the cookie that came with the socket. */
  async begin(token?: string): Promise<this> {
    await this.opened;
    this.send({ type: 'connection_init', payload: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    return this;
  }

  /** Says who it is, and waits until it is let in. */
  async enter(token?: string): Promise<this> {
    await this.begin(token);
    await this.heard(({ type }) => type === 'connection_ack');
    return this;
  }

  /** Subscribes, and waits for the first line about it. */
  async ask(query: string, id = '1'): Promise<SocketLine> {
    this.send({ id, type: 'subscribe', payload: { query } });
    return this.heard((line) => line.id === id);
  }

  async heard(wanted: (line: SocketLine) => boolean): Promise<SocketLine> {
    await expect.poll(() => this.lines.some(wanted), { timeout: 5000 }).toBe(true);
    return this.lines.find(wanted) as SocketLine;
  }

  end(): void {
    this.socket.close();
  }
}
