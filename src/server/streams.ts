import type { Ctx } from '../context.ts';
import { type Acting, holderOfToken } from '../domain/access.ts';
import { RateLimited } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Revocable, Revocations } from '../platform/revocations.ts';
import { limits } from './limits.ts';

/** Answers that last: each ends with its token, and at once when the token is revoked. */
export interface Streams {
  /**
   * @param end  ends the answer
   * @returns to be called when it is over
   * @throws RateLimited for a client that has too many
   */
  open(ctx: Pick<Ctx, 'actor' | 'request'>, end: () => void): () => void;
}

/** The end of an acting is told like that of a session (see the migration of the table `acting`). */
function revocableOf({ id: sid, by }: Acting): Revocable {
  return { issuer: 'urn:customers:acting', subject: by.subject, sid, issuedAt: 0 };
}

const longestTimer = 2 ** 31 - 1;

/** Keeps the lasting answers of this process. */
export function createStreams(clock: Clock, revocations: Revocations): Streams {
  const perClient = new Map<string, number>();
  return {
    open({ actor, request }, end) {
      // Behind a gateway all viewers have one address: whoever is known is counted as herself.
      const identity = holderOfToken(actor);
      const who = identity ? `${identity.issuer} ${identity.subject}` : request.ip;
      const count = perClient.get(who) ?? 0;
      if (count >= limits.streamsPerClient) throw new RateLimited(10);
      perClient.set(who, count + 1);
      const { acting, sessionId, expiresAt, issuedAt } = actor;
      const isOver = (): boolean =>
        identity !== undefined &&
        (!revocations.trusted() ||
          revocations.isRevoked({
            ...identity,
            issuedAt: issuedAt ?? 0,
            ...(sessionId === undefined ? {} : { sid: sessionId }),
          }) ||
          (acting !== undefined && revocations.isRevoked(revocableOf(acting))));
      const left = expiresAt === undefined ? longestTimer : expiresAt * 1000 - clock.now().getTime();
      const timer = setTimeout(end, Math.min(Math.max(left, 0), longestTimer)).unref();
      const stopHearing = revocations.onRevoked(() => {
        if (isOver()) end();
      });
      // What ended between the look at the credentials and now was told before anybody heard.
      if (isOver()) end();
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        clearTimeout(timer);
        stopHearing();
        const others = (perClient.get(who) ?? 1) - 1;
        if (others) perClient.set(who, others);
        else perClient.delete(who);
      };
    },
  };
}
