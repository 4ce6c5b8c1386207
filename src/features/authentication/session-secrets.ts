import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { Unauthenticated } from '../../domain/errors.ts';
import type { ProviderTokens } from './oidc.ts';

/** Whose tokens, and under which key. */
export interface SessionPlace {
  readonly id: string;
  readonly keyId: string;
}

type Sealing = Pick<Ctx, 'keys' | 'seal'>;

const shape = z.object({ access: z.string(), refresh: z.string(), until: z.number() });

const placeOf = ({ id, keyId }: SessionPlace) => ({ table: 'session_token', column: 'sealed', row: id, keyId });

async function keyOf({ keys }: Sealing, { keyId }: SessionPlace): Promise<KeyObject> {
  const key = (await keys.getMany([keyId])).get(keyId);
  // No key: the customer was erased.
  if (!key) throw new Unauthenticated();
  return key;
}

/** Seals a session's tokens under its customer's key: they end with it. */
export async function sealTokens(ctx: Sealing, place: SessionPlace, tokens: ProviderTokens): Promise<Buffer> {
  const { accessToken: access, refreshToken: refresh, accessEndsAt } = tokens;
  const text = JSON.stringify({ access, refresh, until: accessEndsAt.getTime() });
  return ctx.seal.seal(await keyOf(ctx, place), placeOf(place), text);
}

/** @throws Unauthenticated  when the customer's key was destroyed */
export async function openTokens(
  ctx: Sealing,
  session: SessionPlace & { sealed: Uint8Array },
): Promise<ProviderTokens> {
  const text = ctx.seal.open(await keyOf(ctx, session), placeOf(session), session.sealed);
  const { access, refresh, until } = shape.parse(JSON.parse(text));
  return { accessToken: access, refreshToken: refresh, accessEndsAt: new Date(until) };
}
