import { randomUUID } from 'node:crypto';
import type { Ctx } from '../../src/context.ts';
import type { Actor } from '../../src/domain/access.ts';
import { requestContactChange } from '../../src/features/contacts/contact-service.ts';
import type { IdentityWorld } from './identity-world.ts';
import type { DoubleUser } from './keycloak-double.ts';

/** A customer with a password, and what she does with her contacts. */
export interface Mover {
  readonly user: DoubleUser;
  readonly id: string;
  /** What she asks with, just signed in unless said otherwise. */
  ctx(more?: Partial<Actor>): Ctx;
  /** Asks for another address, and lets the mails go out. */
  ask(email: string): Promise<{ changeId: string }>;
  /** The link in the newest mail to an address with such a subject. */
  linkTo(email: string, subject: RegExp): string;
}

/** Somebody who was made in the console and set a password yesterday. */
export async function mover(world: IdentityWorld, email = 'anna@shop.example'): Promise<Mover> {
  const created = world.parts.clock.now().getTime() - 86_400_000;
  const user = await world.madeInConsole({
    email,
    emailVerified: true,
    firstName: 'Anna',
    attributes: { locale: ['de'] },
    credentials: [{ id: 'old-password', type: 'password', createdDate: created }],
    federatedIdentities: [{ identityProvider: 'google', userId: 'old' }],
  });
  await world.runJobs();
  const ctx = (more: Partial<Actor> = {}): Ctx => {
    const authTime = world.parts.clock.now().getTime() / 1000;
    const identity = { issuer: world.issuer, subject: user.id };
    const permissions = new Set(['customer:self'] as const);
    return world.ctx('192.0.2.1', { kind: 'person', id: user.id, permissions, identity, acr: '2', authTime, ...more });
  };
  return {
    user,
    id: (await world.customerOf(user.id)) ?? '',
    ctx,
    async ask(value) {
      const done = await requestContactChange(ctx(), { channel: 'EMAIL', value, idempotencyKey: randomUUID() });
      await world.runJobs();
      return done;
    },
    linkTo(to, subject) {
      const mail = world.mails.findLast((one) => one.to === to && subject.test(one.subject));
      return /\/l\/([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? '';
    },
  };
}

/** The subjects of the mails that each step of a change causes, in German. */
export const subjects = {
  proof: /bestätigen Sie Ihre neue Adresse/,
  requested: /Änderung Ihrer Kontaktdaten wurde gewünscht/,
  changed: /Kontaktdaten wurden geändert/,
  taken: /wollte Ihre Kontaktdaten verwenden/,
};
