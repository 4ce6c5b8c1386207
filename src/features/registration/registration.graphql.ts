import { RateLimited, Unavailable, ValidationFailed } from '../../domain/errors.ts';
import { builder, forEverybody } from '../../graphql/builder.ts';
import { register } from './registration-service.ts';

const RegistrationStep = builder.enumType('RegistrationStep', {
  description: 'What whoever registers does next.',
  values: ['VERIFY_EMAIL', 'VERIFY_PHONE', 'CONTINUE_AT_IDP'],
});

const RegistrationAccepted = builder.objectRef<{ nextStep: 'VERIFY_EMAIL' }>('RegistrationAccepted').implement({
  description: 'The registration was taken. Says the same whether or not the address is known.',
  fields: (t) => ({
    nextStep: t.expose('nextStep', { type: RegistrationStep, description: 'What comes next.' }),
  }),
});

const ConsentDecisionInput = builder.inputType('ConsentDecisionInput', {
  description: 'An answer to one version of one notice.',
  fields: (t) => ({
    purpose: t.string({ required: true, description: 'What for.' }),
    granted: t.boolean({ required: true, description: 'Yes or no.' }),
    noticeId: t.id({ required: true, description: 'The notice she was shown.' }),
    noticeVersion: t.string({ required: true, description: 'And its version.' }),
  }),
});

const RegisterInput = builder.inputType('RegisterInput', {
  description:
    'No password: nobody sets one before the address is proven; the mail’s link leads to Keycloak, which asks for it.',
  fields: (t) => ({
    email: t.field({ type: 'EmailAddress', description: 'The address to be proven.' }),
    givenName: t.string({ description: 'The given name.' }),
    familyName: t.string({ description: 'The family name.' }),
    locale: t.field({ type: 'LocaleTag', required: true, description: 'The language of the mail and the account.' }),
    country: t.field({ type: 'CountryCode', required: true, description: 'The country whose rules apply.' }),
    consents: t.field({
      type: [ConsentDecisionInput],
      required: true,
      description: 'Answers to notices. There are none yet, so that the list is empty.',
    }),
    guestToken: t.string({ description: 'The token of the guest session that goes on in the account.' }),
    idempotencyKey: t.field({
      type: 'UUID',
      required: true,
      description:
        'The same for every try of one registration. It counts together with the address: the same key with another address is another registration.',
    }),
  }),
});

builder.mutationField('register', (t) =>
  t.field({
    type: RegistrationAccepted,
    description: 'Sends a mail that proves the address. Publishes `CustomerRegistered` for a new address.',
    ...forEverybody,
    errors: {
      types: [Unavailable, ValidationFailed, RateLimited],
      union: { name: 'RegisterResult', description: 'Taken, or why not.' },
    },
    args: { input: t.arg({ type: RegisterInput, required: true, description: 'Who registers.' }) },
    resolve: (_root, { input }, { app }) => register(app, input),
  }),
);
