import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Credentials } from './graph-client.ts';

/** What a follower was told, by the cursors of the changes. */
export interface Follower {
  readonly cursors: number[];
  /** Whether it still listens. */
  readonly isOpen: () => boolean;
  leave(): void;
}

interface Told {
  readonly data?: { readonly customerChanged?: { readonly cursor: string } } | null;
}

const query = 'subscription { customerChanged { cursor snapshot customer { version } } }';

function take(cursors: number[], { data }: Told): void {
  if (data?.customerChanged) cursors.push(Number(data.customerChanged.cursor));
}

/** Follows one's own customer over a WebSocket. */
export function followBySocket(url: string, token: string): Follower {
  const cursors: number[] = [];
  let open = true;
  const over = (): void => void (open = false);
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    // A break is to be seen.
    retryAttempts: 0,
  });
  client.subscribe({ query }, { next: (told) => take(cursors, told as Told), error: over, complete: over });
  return { cursors, isOpen: () => open, leave: () => void client.dispose() };
}

/** Follows one's own customer by server-sent events. */
export function followByEvents(url: string, who: Credentials): Follower {
  const cursors: number[] = [];
  const leaving = new AbortController();
  let open = true;
  const read = async (): Promise<void> => {
    const headers = { ...who(), 'content-type': 'application/json', accept: 'text/event-stream' };
    const { signal } = leaving;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }), signal });
    let text = '';
    for await (const part of answer.body ?? []) {
      text += Buffer.from(part).toString();
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const data = /^data: ?(.+)$/m.exec(message)?.[1];
        if (data) take(cursors, JSON.parse(data) as Told);
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => (open = false));
  return { cursors, isOpen: () => open, leave: () => leaving.abort() };
}

/** Whether each cursor follows the one before. */
export function isGapless({ cursors }: Follower): boolean {
  return cursors.length > 0 && cursors.every((cursor, at) => !at || cursor === (cursors[at - 1] ?? 0) + 1);
}
