import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { AuthService } from '../../src/grpc/generated/auth_pb.ts';
import { CookieBrowser, formOf } from '../support/cookie-browser.ts';
import { tokensOf } from '../support/grpc-callers.ts';
import { codeOf } from '../support/second-factors.ts';
import type { LoadWorld } from './load-world.ts';

/** What is done again and again, each time by somebody else unless it needs a session. */
export interface Kind {
  readonly name: string;
  /** Whether Keycloak hashes a password in it. */
  readonly hashes: boolean;
  /** Whether it is a sign-in: the goals are of these. */
  readonly signIn: boolean;
  readonly levels: readonly LevelPlan[];
  /** Does it once. @throws when it is not done */
  once(n: number): Promise<void>;
}

/** How many people the levels of a kind need, and those who only warm up. */
export const warmUps = 10;

interface LevelPlan {
  readonly atATime: number;
  readonly count: number;
  /** Nobody begins later. */
  readonly seconds: number;
}

const levelsOf = (many: readonly number[], count: number, seconds: number): LevelPlan[] =>
  many.map((atATime) => ({ atATime, count, seconds }));
// Together at most six and a half minutes, however busy the machine is.
const passwordLevels = levelsOf([1, 2, 4, 8], 50, 30);
const fewer = levelsOf([1, 2, 4, 8], 25, 15);
const refreshLevels = levelsOf([1, 4, 16], 150, 15);
const validateLevels = levelsOf([1, 4, 16, 64], 3000, 10);

const all = (levels: Kind['levels']): number => levels.reduce((sum, { count }) => sum + count, warmUps);

/** People that the kinds need. */
export const needed = { plain: all(passwordLevels), withApp: all(fewer) };

const mustBeIn = (browser: CookieBrowser, status: number): void => {
  if (!browser.isSignedIn) throw new Error(`HTTP ${status}`);
};

const tokenMs = 120_000;

/** A service fetches a token now and then, not for each call. */
function callerOver(callerToken: LoadWorld['callerToken']) {
  let until = 0;
  let token = Promise.resolve('');
  return async () => {
    if (performance.now() > until) [until, token] = [performance.now() + tokenMs, callerToken()];
    return { headers: { authorization: `Bearer ${await token}` }, timeoutMs: 20_000 };
  };
}

const one = <T>(list: readonly T[], n: number): T => {
  const found = list[n % list.length];
  if (found === undefined) throw new Error('There is nobody.');
  return found;
};

/** What sign-ins have left, for those who come after them. */
interface Left {
  readonly browsers: CookieBrowser[];
  readonly tokens: string[];
}

function onThePages({ stack: { endpoints }, people, withApp }: LoadWorld, { browsers }: Left): [Kind, Kind] {
  const plain: Kind = {
    name: 'password, on our and Keycloak’s pages',
    hashes: true,
    signIn: true,
    levels: passwordLevels,
    async once(n) {
      const browser = new CookieBrowser(endpoints);
      const { status } = await browser.signIn(one(people, n));
      mustBeIn(browser, status);
      browsers.push(browser);
    },
  };
  const app: Kind = {
    name: 'password and authenticator app, on the pages',
    hashes: true,
    signIn: true,
    levels: fewer,
    async once(n) {
      const browser = new CookieBrowser(endpoints);
      const person = one(withApp, n);
      const asked = await browser.signIn(person);
      const { status } = await browser.go(formOf(asked), { form: { otp: codeOf(person.secret) } });
      mustBeIn(browser, status);
    },
  };
  return [plain, app];
}

function overGrpc({ stack: { endpoints }, people, callerToken }: LoadWorld, { tokens }: Left): [Kind, Kind] {
  const auth = createClient(AuthService, createGrpcTransport({ baseUrl: endpoints.grpc }));
  const caller = callerOver(callerToken);
  const login: Kind = {
    name: 'password, over gRPC',
    hashes: true,
    signIn: true,
    levels: fewer,
    async once(n) {
      const { email, password } = one(people, n);
      const method = { case: 'password', value: { email, password } } as const;
      const answer = await auth.login({ clientId: endpoints.clients.login.id, method }, await caller());
      tokens.push(tokensOf(answer).accessToken);
    },
  };
  const validate: Kind = {
    name: 'ValidateToken, over gRPC',
    hashes: false,
    signIn: false,
    levels: validateLevels,
    async once(n) {
      const { valid } = await auth.validateToken({ accessToken: one(tokens, n) }, await caller());
      if (!valid) throw new Error('not valid');
    },
  };
  return [login, validate];
}

/** Every kind that is measured. Later ones use the sessions and tokens that earlier ones made, while they are good. */
export function kindsOver(world: LoadWorld): Kind[] {
  const left: Left = { browsers: [], tokens: [] };
  const [plain, app] = onThePages(world, left);
  const [login, validate] = overGrpc(world, left);
  const refresh: Kind = {
    name: 'refresh, through the BFF',
    hashes: false,
    signIn: false,
    levels: refreshLevels,
    async once(n) {
      const { status } = await one(left.browsers, n).refresh();
      if (status !== 200) throw new Error(`HTTP ${status}`);
    },
  };
  return [plain, refresh, login, validate, app];
}
