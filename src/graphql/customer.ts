import { accountStatuses } from '../domain/account-status.ts';
import { type CustomerField, fieldViews, type Permission, shows, type View } from '../domain/access.ts';
import { checkoutBlocks, checkoutEligibility } from '../domain/checkout-eligibility.ts';
import type { CustomerRow, PendingShown, Person, PhoneShown } from '../read-model/customers.ts';
import { NotFound, StepUpRequired, ValidationFailed, VersionConflict } from '../domain/errors.ts';
import { builder, type GraphContext } from './builder.ts';

/** The permission that gives a view; strangers need none. */
const permissionOf = { self: 'customer:self', record: 'customer:read', personal: 'customer:pii' } as const;

/**
 * Fields that carry no directive: everybody may see them, other subgraphs may `@requires` them, or they are for trusted
 * subgraphs only. What a viewer may not see of them is null all the same.
 */
const undeclared: readonly CustomerField[] = ['id', 'displayName', 'status', 'checkoutEligibility'];
/** Shown to requests that came with the router's credential only (design, decision 24). */
const internal: readonly CustomerField[] = ['emailLookup', 'identity'];

function directivesOf(field: CustomerField): { requiresScopes?: Permission[][]; inaccessible?: true; tag?: string } {
  if (undeclared.includes(field)) return {};
  if (internal.includes(field)) return { inaccessible: true, tag: 'internal' };
  const views: readonly View[] = fieldViews[field];
  // Whoever sees personal fields sees the record: its permission contains the other one.
  const staff = views.includes('record') ? permissionOf.record : permissionOf.personal;
  return { requiresScopes: [[permissionOf.self], [staff]] };
}

/** The name of the rule that a field of Customer follows, kept on the field; `subgraph.ts` builds none without it. */
export const ruleOf = 'ruleOfCustomer';

/** The directive and the check of a field of Customer, both from the table in `domain/access.ts`. Who may not see it gets null. */
export function shown<Value>(
  field: CustomerField,
  read: (customer: CustomerRow, context: GraphContext) => Value | Promise<Value>,
) {
  return {
    ...directivesOf(field),
    nullable: true as const,
    extensions: { [ruleOf]: field },
    resolve: (customer: CustomerRow, _args: object, context: GraphContext): Value | null | Promise<Value> => {
      const { request, customers } = context.app;
      if (!shows(customer.view, field) || (internal.includes(field) && !request.router)) return null;
      const unnoted = customer.view === 'acting' ? shows('public', field) : shows('record', field);
      if (unnoted || customer.view === 'self') return read(customer, context);
      return customers.noted(customer).then(() => read(customer, context));
    },
  };
}

/** Like {@link shown}, for a field that is sealed: its row is opened together with all others of the request. */
export function shownOfPerson<Value>(field: CustomerField, read: (person: Person, customer: CustomerRow) => Value) {
  return shown(field, async (customer, { app }) => {
    const person = await app.customers.person(customer);
    return person ? read(person, customer) : null;
  });
}

/** Where an account stands in its life. */
export const AccountStatus = builder.enumType('AccountStatus', {
  description: 'Where an account stands in its life.',
  values: accountStatuses,
});

const CheckoutBlock = builder.enumType('CheckoutBlock', {
  description: 'Why a customer may not check out.',
  values: checkoutBlocks,
});

const CheckoutEligibility = builder.objectRef<ReturnType<typeof checkoutEligibility>>('CheckoutEligibility').implement({
  description: 'Whether a customer may check out now.',
  fields: (t) => ({
    allowed: t.exposeBoolean('allowed', { description: 'True when there is no reason against it.' }),
    reasons: t.field({
      type: [CheckoutBlock],
      description: 'Everything that stands against it.',
      resolve: ({ reasons }) => [...reasons],
    }),
  }),
});

const ContactEmail = builder
  .objectRef<{ address: string; verified: boolean; verifiedAt: Date | null; pending: PendingShown | null }>(
    'ContactEmail',
  )
  .implement({
    description: 'The e-mail address an account is reached by.',
    fields: (t) => ({
      address: t.expose('address', { type: 'EmailAddress', description: 'As the customer typed it.' }),
      verified: t.exposeBoolean('verified', { description: 'Whether she proved that it is hers.' }),
      verifiedAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When she did.',
        resolve: ({ verifiedAt }) => (verifiedAt ? new Date(verifiedAt) : null),
      }),
      pending: t.field({
        type: 'EmailAddress',
        nullable: true,
        description: 'The address that waits for its proof.',
        resolve: ({ pending }) => pending?.value ?? null,
      }),
      pendingExpiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Until when it can be proven.',
        resolve: ({ pending }) => pending?.expiresAt ?? null,
      }),
    }),
  });

const ContactPhone = builder.objectRef<PhoneShown>('ContactPhone').implement({
  description: 'The telephone number an account is reached by.',
  fields: (t) => ({
    number: t.expose('number', { type: 'PhoneNumber', description: 'In E.164 form.' }),
    region: t.expose('region', { type: 'CountryCode', description: 'The country whose numbering plan it belongs to.' }),
    national: t.exposeString('national', { description: 'As it is dialled within the country.' }),
    verified: t.exposeBoolean('verified', { description: 'Whether she proved that it is hers.' }),
    pending: t.expose('pending', {
      type: 'PhoneNumber',
      nullable: true,
      description: 'The number that waits for its proof.',
    }),
  }),
});

const IdentityRef = builder.objectRef<{ issuer: string; subject: string }>('IdentityRef').implement({
  description: 'Whom an identity provider knows somebody as.',
  fields: (t) => ({
    issuer: t.exposeString('issuer', { description: 'The provider: `iss` of its tokens.' }),
    subject: t.exposeString('subject', { description: 'Her name there: `sub` of its tokens.' }),
  }),
});

/** A customer, as much of her as the viewer may see. */
export const Customer = builder.objectRef<CustomerRow>('Customer').implement({
  description:
    'A customer. Whoever asks sees what their permissions allow: oneself everything, staff the record, strangers the name she chose. The rest is null.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Ours, and the same for ever.', extensions: { [ruleOf]: 'id' } }),
    version: t.int({
      description:
        'Counts changes of names, contacts, birth date, locale, country and status; it is `expectedVersion`.',
      ...shown('version', ({ version }) => version),
    }),
    status: t.field({
      type: AccountStatus,
      description: 'Where the account stands in its life.',
      ...shown('status', ({ status }) => status),
    }),
    displayName: t.string({
      description: 'The name she chose to be shown to others; null until chosen.',
      ...shownOfPerson('displayName', ({ displayName }) => displayName),
    }),
    givenName: t.string({
      description: 'Her given name.',
      ...shownOfPerson('givenName', ({ givenName }) => givenName),
    }),
    familyName: t.string({
      description: 'Her family name.',
      ...shownOfPerson('familyName', ({ familyName }) => familyName),
    }),
    email: t.field({
      type: ContactEmail,
      description: 'Her e-mail address.',
      ...shownOfPerson('email', ({ email, emailVerifiedAt: verifiedAt, pendingEmail: pending }, { emailVerified }) =>
        email ? { address: email, verified: emailVerified, verifiedAt, pending } : null,
      ),
    }),
    phone: t.field({
      type: ContactPhone,
      description: 'Her telephone number: the proven one, else the one that waits for its proof.',
      ...shownOfPerson('phone', ({ phone }) => phone as PhoneShown),
    }),
    emailLookup: t.string({
      description: 'The normalised e-mail address: an entity key for trusted internal subgraphs only.',
      ...shownOfPerson('emailLookup', ({ emailLookup }) => emailLookup),
    }),
    identity: t.field({
      type: IdentityRef,
      description: 'The identity she signs in with first: an entity key for trusted internal subgraphs only.',
      ...shown('identity', ({ identity }) => identity),
    }),
    birthDate: t.field({
      type: 'Date',
      description: 'Her date of birth.',
      ...shownOfPerson('birthDate', ({ birthDate }) => birthDate),
    }),
    locale: t.field({
      type: 'LocaleTag',
      description: 'The language she reads.',
      ...shown('locale', ({ locale }) => locale),
    }),
    country: t.field({
      type: 'CountryCode',
      description: 'The country whose rules apply to her.',
      ...shown('country', ({ country }) => country),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the account was made.',
      ...shown('createdAt', ({ createdAt }) => createdAt),
    }),
    lastActivityAt: t.field({
      type: 'DateTime',
      description: 'When she last signed in, ordered or changed something.',
      ...shown('lastActivityAt', ({ lastActivityAt }) => lastActivityAt),
    }),
    checkoutEligibility: t.field({
      type: CheckoutEligibility,
      description: 'Whether she may check out now; null to strangers.',
      ...shown('checkoutEligibility', checkoutEligibility),
    }),
  }),
});

builder.asEntity(Customer, {
  key: [
    builder.selection<{ id: string }>('id'),
    builder.selection<{ emailLookup: string }>('emailLookup'),
    builder.selection<{ identity: { issuer: string; subject: string } }>('identity { issuer subject }'),
  ],
  // Never called: `entities.ts` answers a whole list of representations in one statement.
  resolveReference: () => null as never,
});

/** The answer of every mutation that changes a customer. */
export const CustomerPayload = builder.objectRef<{ customer: CustomerRow }>('CustomerPayload').implement({
  description: 'The customer after the change, as the caller may see her.',
  fields: (t) => ({
    customer: t.expose('customer', { type: Customer, description: 'As she is now.' }),
  }),
});

/** The answer of mutations that change a customer's own data. */
export const UpdateProfileResult = builder.errorUnion('UpdateProfileResult', {
  description: 'The customer, or why nothing was changed.',
  types: [CustomerPayload, NotFound, StepUpRequired, ValidationFailed, VersionConflict],
  resolveType: () => 'CustomerPayload',
});

/** The ways to reach somebody. */
export const Channel = builder.enumType('Channel', {
  description: 'A way to reach somebody.',
  values: ['EMAIL', 'SMS', 'PUSH', 'POST', 'PHONE'],
});
