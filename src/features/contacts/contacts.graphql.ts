import type { Ctx } from '../../context.ts';
import {
  LastContact,
  NotFound,
  RateLimited,
  StatusConflict,
  StepUpRequired,
  Unavailable,
  ValidationFailed,
} from '../../domain/errors.ts';
import { builder, forEverybody, signedIn } from '../../graphql/builder.ts';
import { Channel, UpdateProfileResult } from '../../graphql/customer.ts';
import { StatusRefused } from '../../graphql/errors.ts';
import { confirmByCode } from './contact-codes.ts';
import { confirmContactChange, revertContactChange } from './contact-links.ts';
import { type ContactChangePending, requestContactChange, resendVerification } from './contact-service.ts';

const ContactChangePendingType = builder.objectRef<ContactChangePending>('ContactChangePending').implement({
  description: 'The new contact waits for its proof. Says the same whether or not it is somebody else’s.',
  fields: (t) => ({
    changeId: t.exposeID('changeId', { description: 'Names the change.' }),
    channel: t.expose('channel', { type: Channel, description: 'The kind of contact.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when it can be proven.',
      resolve: ({ expiresAt }) => new Date(expiresAt),
    }),
    resendAfter: t.field({
      type: 'DateTime',
      description: 'When the proof may be asked for once more.',
      resolve: ({ resendAfter }) => new Date(resendAfter),
    }),
  }),
});

const ContactChangeResult = builder.errorUnion('ContactChangeResult', {
  description: 'The change waits for its proof, or why it was not begun.',
  types: [ContactChangePendingType, LastContact, Unavailable, ValidationFailed, StepUpRequired, RateLimited],
  resolveType: () => 'ContactChangePending',
});

const ContactChangeInput = builder.inputType('ContactChangeInput', {
  description: 'What a customer wants to be reached by.',
  extensions: { directives: [{ name: 'tag', args: { name: 'public' } }] },
  fields: (t) => ({
    channel: t.field({ type: Channel, required: true, description: 'EMAIL or SMS.' }),
    value: t.string({ required: true, description: 'The address or the number; empty for a number that is to go.' }),
    idempotencyKey: t.field({ type: 'UUID', required: true, description: 'The same for every try of one change.' }),
  }),
});

/** A status that does not allow it is an answer: the contract has no member of its own for it. */
const orRefused = (error: unknown): never => {
  throw error instanceof StatusConflict ? new StatusRefused(error) : error;
};

builder.mutationFields((t) => ({
  requestContactChange: t.field({
    type: ContactChangeResult,
    description:
      'Asks for another contact. It becomes primary once it is proven, within 48 hours; until then the present one stays. An empty value of channel SMS takes the number away. Publishes `CustomerUpdated`.',
    ...signedIn,
    args: { input: t.arg({ type: ContactChangeInput, required: true, description: 'The contact.' }) },
    resolve: (_root, { input }, { app }) => requestContactChange(app, input).catch(orRefused),
  }),
  resendVerification: t.field({
    type: ContactChangeResult,
    description: 'Sends the proof of a waiting contact, or of a first address that was never proven, once more.',
    ...signedIn,
    args: { channel: t.arg({ type: Channel, required: true, description: 'Of which channel.' }) },
    resolve: (_root, { channel }, { app }) => resendVerification(app, channel).catch(orRefused),
  }),
  confirmContactChange: t.field({
    type: UpdateProfileResult,
    description:
      'Proves a waiting contact by what was sent to it: an address by the token of its link, a number by its code, signed in. Publishes `CustomerUpdated`.',
    ...forEverybody,
    args: {
      token: t.arg.string({ description: 'Of the link in the mail.' }),
      changeId: t.arg.id({ description: 'The change, with a code.' }),
      code: t.arg.string({ description: 'Of the text message.' }),
    },
    resolve: async (_root, { token, changeId, code }, { app }) => {
      if (token) return changedCustomer(app, await confirmContactChange(app, token));
      if (!changeId || !code) throw new NotFound();
      return changedCustomer(app, await confirmByCode(app, { changeId, code }));
    },
  }),
  revertContactChange: t.field({
    type: UpdateProfileResult,
    description:
      'Undoes a change of contact and all that came after it, and locks the account: it opens only with something from before, or through staff. Publishes `CustomerUpdated`.',
    ...forEverybody,
    args: { token: t.arg.string({ required: true, description: 'Of the link in the mail.' }) },
    resolve: async (_root, { token }, { app }) => changedCustomer(app, await revertContactChange(app, token)),
  }),
}));

/** The customer after it, as the caller may see her: a stranger with a link sees no more than any stranger. */
async function changedCustomer({ customers }: Pick<Ctx, 'customers'>, id: string) {
  const customer = await customers.fresh(id);
  if (!customer) throw new NotFound();
  return { customer };
}
