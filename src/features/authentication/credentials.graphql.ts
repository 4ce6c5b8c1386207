import { type Credential, credentialKinds } from '../../domain/credential.ts';
import { builder } from '../../graphql/builder.ts';
import { Customer, shown } from '../../graphql/customer.ts';
import { credentialsOf } from './credentials.reads.ts';

const CredentialKind = builder.enumType('CredentialKind', {
  description: 'What a customer proves with who she is.',
  values: credentialKinds,
});

const CredentialSummary = builder.objectRef<Credential>('CredentialSummary').implement({
  description: 'Something a customer proves with who she is. What is secret of it stays at the identity provider.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'Its id: `credential` of `/auth/action/remove`; `social-` and the alias for an account at a provider, which is not removed there.',
    }),
    kind: t.expose('kind', { type: CredentialKind, description: 'What it is.' }),
    label: t.exposeString('label', { nullable: true, description: 'What she calls it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was set up.' }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used. Always null while Keycloak is the provider: it keeps no such time.',
      resolve: () => null,
    }),
  }),
});

builder.objectFields(Customer, (t) => ({
  credentials: t.field({
    type: [CredentialSummary],
    description: 'What she can prove with who she is, as the identity provider has it now.',
    ...shown('credentials', (customer, { app }) => credentialsOf(app, customer)),
  }),
}));
