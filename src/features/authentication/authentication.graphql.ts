import { NotFound, StepUpRequired } from '../../domain/errors.ts';
import { builder, signedIn } from '../../graphql/builder.ts';
import { Customer, shown } from '../../graphql/customer.ts';
import { type DeviceSession as DeviceSessionRow, sessionsOf } from './device-sessions.ts';
import { revokeSessions } from './session-ending.ts';

const DeviceSession = builder.objectRef<DeviceSessionRow>('DeviceSession').implement({
  description: 'A browser that is signed in.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Ours; for `revokeSessions`.' }),
    current: t.exposeBoolean('current', { description: 'Whether it is the one that asks.' }),
    userAgent: t.exposeString('userAgent', {
      nullable: true,
      description: 'Browser and system in words, such as `Firefox, Windows`; null for ones that we do not know.',
    }),
    country: t.expose('country', {
      type: 'CountryCode',
      nullable: true,
      description: 'The country that the address was registered in.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'When it last fetched a token.' }),
  }),
});

builder.objectField(Customer, 'sessions', (t) =>
  t.field({
    type: [DeviceSession],
    description: 'Where she is signed in, the latest first.',
    ...shown('sessions', ({ id }, { app }) => sessionsOf(app, id)),
  }),
);

const SessionsRevoked = builder.objectRef<{ count: number }>('SessionsRevoked').implement({
  description: 'The sessions are over.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'How many of those that were listed.' }) }),
});

builder.mutationFields((t) => ({
  revokeSessions: t.field({
    type: SessionsRevoked,
    description:
      'Ends sessions: these, all others, or all when neither is said. They are over at once everywhere. Publishes no event.',
    ...signedIn,
    errors: {
      types: [NotFound, StepUpRequired],
      union: { name: 'RevokeSessionsResult', description: 'How many ended, or why none did.' },
    },
    args: {
      ids: t.arg.idList({ description: 'These.' }),
      allOthers: t.arg.boolean({ defaultValue: false, description: 'All but the one that asks.' }),
      customerId: t.arg.id({ description: 'For staff: whose.' }),
      reason: t.arg.string({ description: 'For staff: why. Kept in the audit.' }),
    },
    resolve: (_root, args, { app }) => revokeSessions(app, args),
  }),
}));
