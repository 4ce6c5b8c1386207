/* oxlint-disable no-restricted-globals, no-restricted-properties -- runs in the browser, which has its own clock and fetch */
// What our pages do in the browser. Plain script, no build; it holds no token and no text of its own.
const phrases = JSON.parse(document.querySelector('#phrases')?.textContent ?? '{}');
const signedIn = document.body.hasAttribute('data-signed-in');
// Staff who act for a customer say so in each request: without it they would see and change their own record.
const { acting } = document.body.dataset;
const asWhom = acting ? { 'x-acting': acting } : {};
export const json = { 'content-type': 'application/json', 'x-csrf': '1' };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const post = (path, body, headers = {}) =>
  fetch(path, {
    method: 'POST',
    headers: { ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

export function say(form, phrase, kind) {
  const place = form.querySelector('[data-says]');
  if (!place) return;
  place.dataset.kind = kind;
  place.textContent = phrases[phrase] ?? phrases.failed;
}

/** Says at each field what is wrong with it. */
function mark(form, issues) {
  const wrong = new Map(issues.flatMap(({ path, rule }) => path.map((name) => [name, rule])));
  for (const input of form.elements) {
    if (!input.name) continue;
    if (wrong.has(input.name)) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
    const place = document.getElementById(`${input.name}-error`);
    if (!place) continue;
    place.textContent = wrong.has(input.name) ? (phrases.rules[wrong.get(input.name)] ?? phrases.invalid) : '';
  }
  form.querySelector('[aria-invalid]')?.focus();
}

function phraseOf(status) {
  if (status === 429) return 'limited';
  if (status === 422) return 'check';
  return status === 503 || status === 502 ? 'unavailable' : 'failed';
}

export async function whileBusy(form, work) {
  const buttons = [...form.querySelectorAll('button')];
  for (const button of buttons) button.disabled = true;
  try {
    await work();
  } catch {
    say(form, 'unavailable', 'wrong');
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

// The session

const here = () => encodeURIComponent(location.pathname + location.search);

function sessionOver() {
  const bar = document.querySelector('[data-over]');
  if (!bar || !bar.hidden) return;
  bar.querySelector('[data-return]').href = `/auth/login?returnTo=${here()}`;
  bar.hidden = false;
}

/** The page of a customer whom one acts for no longer says so by itself, and shows nothing of her any more. */
function actingOver() {
  if (acting) location.reload();
}

let refreshing;
/** One call at a time in this tab; the server sees to it that all tabs together make one. */
function refresh() {
  refreshing ??= post('/auth/refresh')
    .then(async (answer) => {
      if (answer.ok) return 'signed-in';
      if (answer.status !== 401) return 'unknown';
      const { silent } = await answer.json().catch(() => ({}));
      if (silent) location.assign(`/auth/login?silent=1&returnTo=${here()}`);
      return 'over';
    })
    .catch(() => 'unknown')
    .finally(() => {
      refreshing = undefined;
    });
  return refreshing;
}

async function watchSession() {
  for (;;) {
    const answer = await fetch('/auth/session').catch(() => undefined);
    const session = answer?.ok ? await answer.json() : undefined;
    if (session && !session.signedIn) return sessionOver();
    const left = session ? Date.parse(session.refreshBy) - Date.now() : 5000;
    // Never long: a session that ends elsewhere is to be seen here soon.
    await pause(Math.min(Math.max(left - 30000, 1000), 4000));
    if (session && left < 45000 && (await refresh()) === 'over') return sessionOver();
  }
}

// The graph, over our own origin with the cookies

export async function graph(query, variables) {
  const ask = () => post('/graphql', { query, variables }, asWhom);
  let answer = await ask();
  if (answer.status === 401 && (await refresh()) === 'signed-in') answer = await ask();
  if (answer.status === 401) sessionOver();
  if (answer.status === 403) actingOver();
  if (!answer.ok) throw new Error(String(answer.status));
  const { data, errors } = await answer.json();
  if (errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) sessionOver();
  if (!data) throw new Error('no data');
  return data;
}

const shown = 'id version status displayName givenName familyName email { address verified } birthDate locale country';

/** The events of one subscription (server-sent events, so that our header can go along). */
async function* events(query, variables) {
  const headers = { ...json, ...asWhom, accept: 'text/event-stream' };
  const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  if (answer.status === 401) throw new Error('401');
  if (answer.status === 403) actingOver();
  if (!answer.ok || !answer.body) throw new Error('stream');
  let text = '';
  for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      if (lines.includes('event: complete')) return;
      const data = lines
        .find((line) => line.startsWith('data:'))
        ?.slice(5)
        .trim();
      if (data) yield JSON.parse(data);
    }
  }
}

// The profile

const textOf = (value) => (value === null || value === undefined ? '' : String(value));

function showStatus(place, status) {
  const names = JSON.parse(place.dataset.names ?? '{}');
  place.textContent = names[status] ?? status;
}

/** Whether the field can hold the value. A choice gets what was chosen elsewhere, though we do not offer it. */
function holds(input, value) {
  const type = { country: 'region', locale: 'language' }[input.name];
  if (!input.options || [...input.options].some((option) => option.value === value)) return true;
  if (value) input.add(new Option(new Intl.DisplayNames([document.documentElement.lang], { type }).of(value), value));
  return value !== '';
}

/** Puts the newest state on the page. A field she is editing stays as she left it. */
function show(customer) {
  for (const place of document.querySelectorAll('[data-shows]')) {
    const key = place.dataset.shows;
    const before = place.textContent;
    if (key === 'status') showStatus(place, customer.status);
    else place.textContent = key === 'email' ? textOf(customer.email?.address) : textOf(customer[key]);
    if (before !== place.textContent) {
      place.classList.remove('changed');
      void place.offsetWidth;
      place.classList.add('changed');
    }
  }
  const form = document.querySelector('form[data-profile]');
  if (!form) return;
  form.dataset.version = customer.version;
  for (const input of form.elements) {
    if (!(input.name in customer)) continue;
    const value = textOf(customer[input.name]);
    if (!holds(input, value)) continue;
    if (input.value === input.dataset.stored) input.value = value;
    input.dataset.stored = value;
  }
}

async function watchProfile() {
  const query = `subscription($after: String) { customerChanged(after: $after) { cursor snapshot changedPaths customer { ${shown} } } }`;
  let after;
  for (let wait = 500; ; wait = Math.min(wait * 2, 10000)) {
    try {
      for await (const { data } of events(query, { after })) {
        const change = data?.customerChanged;
        if (!change) continue;
        wait = 500;
        after = change.cursor;
        const known = Number(document.querySelector('form[data-profile]')?.dataset.version);
        show(change.customer);
        const form = document.querySelector('form[data-profile]');
        if (form && !change.snapshot && change.customer.version > known) say(form, 'elsewhere', 'good');
      }
    } catch (error) {
      if (error.message === '401' && (await refresh()) === 'over') return sessionOver();
    }
    const session = await fetch('/auth/session')
      .then((answer) => answer.json())
      .catch(() => undefined);
    if (session && !session.signedIn) return sessionOver();
    // The token may be over while the session is not.
    if (session && Date.parse(session.refreshBy) <= Date.now() && (await refresh()) === 'over') return sessionOver();
    await pause(wait);
  }
}

const change = `mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename
  ... on CustomerPayload { customer { ${shown} } }
  ... on ValidationError { issues { path rule } }
  ... on VersionConflictError { currentVersion } } }`;

async function save(form) {
  const inputs = [...form.elements].filter((input) => input.name && input.value !== input.dataset.stored);
  if (!inputs.length) return say(form, 'nothing', 'good');
  const changes = Object.fromEntries(inputs.map((input) => [input.name, input.value.trim() || null]));
  const input = { expectedVersion: Number(form.dataset.version), ...changes };
  const { updateProfile: result } = await graph(change, { input });
  mark(form, result.issues ?? []);
  if (result.__typename === 'CustomerPayload') {
    for (const each of inputs) each.dataset.stored = each.value;
    show(result.customer);
    return say(form, 'saved', 'good');
  }
  return say(
    form,
    { ValidationError: 'check', VersionConflictError: 'conflict' }[result.__typename] ?? 'failed',
    'wrong',
  );
}

// The forms

/** A form that is sent to one of our own routes and leads on to another page. */
const sent = new Map();
async function send(form, data) {
  const given = [...data].filter(([, value]) => typeof value === 'string' && value.trim() !== '');
  const fields = Object.fromEntries(given);
  // The same form again is the same request, so that a lost answer does not register twice.
  const key = JSON.stringify(fields);
  if (!sent.has(key)) sent.set(key, crypto.randomUUID());
  const answer = await post(form.dataset.post, fields, { 'idempotency-key': sent.get(key) });
  if (answer.ok) return location.assign(form.dataset.next);
  const told = answer.status === 422 ? await answer.json().catch(() => ({})) : {};
  mark(form, told.issues ?? []);
  return say(form, phraseOf(answer.status), 'wrong');
}

for (const form of document.querySelectorAll('form[data-post], form[data-profile]')) {
  for (const input of form.elements) if (input.name) input.dataset.stored ??= input.value;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // Before its buttons are disabled, since the one that was pressed is part of the form.
    const data = new FormData(form, event.submitter);
    void whileBusy(form, () => (form.dataset.post ? send(form, data) : save(form)));
  });
}

for (const button of document.querySelectorAll('[data-sign-out]')) {
  button.addEventListener('click', () => {
    button.disabled = true;
    void post('/auth/logout')
      .catch(() => undefined)
      .then(() => location.assign('/'));
  });
}

if (signedIn) {
  void watchSession();
  if (acting || document.querySelector('[data-profile]')) void watchProfile();
}
