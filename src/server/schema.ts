import { buildSubgraph } from '../graphql/subgraph.ts';
import { limits } from './limits.ts';
import '../graphql/scalars.ts';
import '../features/authentication/authentication.graphql.ts';
import '../features/authentication/credentials.graphql.ts';
import '../features/contacts/contacts.graphql.ts';
import '../features/profile/profile.graphql.ts';
import '../features/registration/registration.graphql.ts';

/** The subgraph: every GraphQL door there is, and its SDL as routers read it. */
export const { schema, sdl } = buildSubgraph(limits);
