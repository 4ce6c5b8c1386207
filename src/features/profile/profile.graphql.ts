import {
  NotFound,
  StatusConflict,
  StepUpRequired,
  Unavailable,
  ValidationFailed,
  VersionConflict,
} from '../../domain/errors.ts';
import { builder, permitted, signedIn } from '../../graphql/builder.ts';
import { AccountStatus, Customer, CustomerPayload, UpdateProfileResult } from '../../graphql/customer.ts';
import { StatusRefused } from '../../graphql/errors.ts';
import { customerOrders } from '../../read-model/customer-page.ts';
import { type CustomerChange as CustomerChangeRow, streamedReasons, streamOwnCustomer } from './customer-changes.ts';
import { type CustomerList, listCustomers } from './customer-list.ts';
import { changeStatus, customerById, ownCustomer, updateProfile } from './profile-service.ts';

const PageInfo = builder.objectRef<CustomerList['pageInfo']>('PageInfo').implement({
  description: 'Where a page lies in its list.',
  shareable: true,
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether something follows.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Whether the page was asked for after a cursor.',
    }),
    startCursor: t.exposeString('startCursor', { nullable: true, description: 'Cursor of the first node.' }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'Cursor of the last node: `after` of the next page.',
    }),
  }),
});

const CustomerEdge = builder.objectRef<CustomerList['edges'][number]>('CustomerEdge').implement({
  description: 'A customer in a list.',
  fields: (t) => ({
    node: t.expose('node', { type: Customer, description: 'The customer.' }),
    cursor: t.exposeString('cursor', { description: 'Her place in the list; opaque.' }),
    matchedOn: t.stringList({
      description: 'The filters by which she was looked for.',
      resolve: ({ matchedOn }) => [...matchedOn],
    }),
  }),
});

const CustomerConnection = builder.objectRef<CustomerList>('CustomerConnection').implement({
  description: 'A page of customers.',
  fields: (t) => ({
    edges: t.field({ type: [CustomerEdge], description: 'The page.', resolve: ({ edges }) => [...edges] }),
    pageInfo: t.expose('pageInfo', { type: PageInfo, description: 'Where it lies.' }),
  }),
});

const CustomerFilter = builder.inputType('CustomerFilter', {
  description: 'Which customers. Everything given must hold.',
  fields: (t) => ({
    status: t.field({ type: [AccountStatus], description: 'In one of these statuses.' }),
    country: t.field({ type: 'CountryCode', description: 'With this country.' }),
    emailExact: t.field({ type: 'EmailAddress', description: 'With exactly this address, however it is spelt.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Made after this.' }),
  }),
});

const CustomerOrder = builder.enumType('CustomerOrder', {
  description: 'The order of a list of customers.',
  values: customerOrders,
});

builder.queryFields((t) => ({
  me: t.field({
    type: Customer,
    nullable: true,
    description: 'Oneself; null for whoever is signed in without being a customer.',
    ...signedIn,
    resolve: (_root, _args, { app }) => ownCustomer(app),
  }),
  customer: t.field({
    type: Customer,
    nullable: true,
    description: 'A customer by id, for staff and services.',
    ...permitted('customer:read'),
    args: { id: t.arg.id({ required: true, description: 'Her id.' }) },
    resolve: (_root, { id }, { app }) => customerById(app, id),
  }),
  customers: t.field({
    type: CustomerConnection,
    description: 'Customers, page by page, for staff and services.',
    ...permitted('customer:read'),
    cost: 10,
    listSize: { slicingArguments: ['first'], sizedFields: ['edges'] },
    args: {
      first: t.arg.int({ required: true, defaultValue: 25, description: 'How many, 1 to 100.' }),
      after: t.arg.string({ description: 'The cursor after which the page begins.' }),
      filter: t.arg({ type: CustomerFilter, description: 'Which ones.' }),
      orderBy: t.arg({ type: CustomerOrder, defaultValue: 'CREATED_DESC', description: 'In which order.' }),
    },
    resolve: (_root, args, { app }) => listCustomers(app, args),
  }),
}));

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'What is to change. What is not given stays; null takes a name or a birth date away.',
  fields: (t) => ({
    customerId: t.id({ description: 'For staff: whose profile.' }),
    reason: t.string({ description: 'For staff: why. Kept in the audit.' }),
    expectedVersion: t.int({ required: true, description: '`Customer.version` as it was read.' }),
    displayName: t.string({ description: 'The name to be shown to others.' }),
    givenName: t.string({ description: 'The given name.' }),
    familyName: t.string({ description: 'The family name.' }),
    birthDate: t.field({ type: 'Date', description: 'The date of birth: not in the future, not before 1900.' }),
    locale: t.field({ type: 'LocaleTag', description: 'The language she reads.' }),
    country: t.field({ type: 'CountryCode', description: 'The country whose rules apply.' }),
  }),
});

const ChangeStatusInput = builder.inputType('ChangeStatusInput', {
  description: 'Self: ACTIVE to DEACTIVATED. Staff: SUSPENDED, ACTIVE, DEACTIVATED, always with a reason.',
  fields: (t) => ({
    customerId: t.id({ description: 'For staff: whose account.' }),
    expectedVersion: t.int({ required: true, description: '`Customer.version` as it was read.' }),
    status: t.field({ type: AccountStatus, required: true, description: 'The status it shall have.' }),
    reason: t.string({ required: true, description: 'Why. Kept in the audit.' }),
  }),
});

builder.mutationFields((t) => ({
  updateProfile: t.field({
    type: UpdateProfileResult,
    description: 'Changes names, birth date, language or country. Publishes `CustomerUpdated` when something changed.',
    ...signedIn,
    args: { input: t.arg({ type: UpdateProfileInput, required: true, description: 'What is to change.' }) },
    resolve: async (_root, { input }, { app }) => ({ customer: await updateProfile(app, input) }),
  }),
  changeStatus: t.field({
    type: CustomerPayload,
    description:
      'Suspends, opens or closes an account. Publishes `CustomerUpdated`, and `CustomerAccountDeactivated` when it is closed.',
    ...signedIn,
    errors: {
      types: [Unavailable, StepUpRequired, VersionConflict, NotFound, ValidationFailed],
      union: { name: 'ChangeStatusResult', description: 'The customer, or why the status stays as it is.' },
    },
    args: { input: t.arg({ type: ChangeStatusInput, required: true, description: 'The change.' }) },
    resolve: async (_root, { input }, { app }) => ({
      customer: await changeStatus(app, input).catch((error: unknown) => {
        throw error instanceof StatusConflict ? new StatusRefused(error) : error;
      }),
    }),
  }),
}));

const ChangeReason = builder.enumType('ChangeReason', {
  description: 'Why a customer changed.',
  values: streamedReasons,
});

const CustomerChange = builder.objectRef<CustomerChangeRow>('CustomerChange').implement({
  description: 'A change of a customer, and the customer as she is when it is told.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: '`after` of a stream that goes on from here.' }),
    customer: t.expose('customer', { type: Customer, description: 'As she is now.' }),
    changedPaths: t.stringList({
      description: 'The fields that changed.',
      resolve: ({ changedPaths }) => [...changedPaths],
    }),
    reason: t.expose('reason', { type: ChangeReason, description: 'Why.' }),
    snapshot: t.exposeBoolean('snapshot', { description: 'True for the state at the beginning, which is no change.' }),
  }),
});

builder.subscriptionFields((t) => ({
  customerChanged: t.field({
    type: CustomerChange,
    description:
      'Own profile. Emits a snapshot first, then changes; `after` resumes without a gap; ends when the token does.',
    ...signedIn,
    args: { after: t.arg.string({ description: 'The last cursor that was seen.' }) },
    subscribe: (_root, { after }, { app }) => streamOwnCustomer(app, after ?? undefined),
    resolve: (change) => change,
  }),
}));
