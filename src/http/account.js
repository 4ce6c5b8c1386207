/* oxlint-disable no-restricted-globals -- runs in the browser, which has its own clock and fetch */
// What our pages do with sessions and with acting for somebody, beside `live.js`, whose address the server writes here.
import { graph, json, mark, say, whileBusy } from './live.js';

for (const button of document.querySelectorAll('[data-end-acting]')) {
  button.addEventListener('click', () => {
    button.disabled = true;
    void fetch('/auth/acting', { method: 'DELETE', headers: json })
      .then(({ ok }) => ok || Promise.reject(new Error('not ended')))
      .then(() => location.assign('/'))
      .catch(() => (button.disabled = false));
  });
}

for (const time of document.querySelectorAll('time[data-clock]')) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
}

// Where she is signed in

const revoke = `mutation($ids: [ID!], $allOthers: Boolean) { revokeSessions(ids: $ids, allOthers: $allOthers) {
  __typename ... on StepUpRequiredError { authUrl } } }`;

for (const button of document.querySelectorAll('[data-end-session], [data-end-others]')) {
  const { endSession } = button.dataset;
  button.addEventListener('click', () => {
    const page = document.querySelector('[data-sessions]');
    void whileBusy(page, async () => {
      const { revokeSessions: result } = await graph(revoke, endSession ? { ids: [endSession] } : { allOthers: true });
      if (result?.__typename === 'StepUpRequiredError') return location.assign(result.authUrl);
      // One that is over already is what she wants.
      return result ? location.reload() : say(page, 'unavailable', 'wrong');
    });
  });
}

// What she is reached by

const pending = `__typename ... on ContactChangePending { changeId } ... on StepUpRequiredError { authUrl }
  ... on ValidationError { issues { path rule } }`;
const contactCalls = {
  change: `mutation($input: ContactChangeInput!) { result: requestContactChange(input: $input) { ${pending} } }`,
  again: `mutation($channel: Channel!) { result: resendVerification(channel: $channel) { ${pending} } }`,
  code: `mutation($changeId: ID, $code: String) { result: confirmContactChange(changeId: $changeId, code: $code) {
    __typename ... on ValidationError { issues { path rule } } } }`,
};
/** What she typed before she was sent to prove who she is; it stays in this tab, and only until she is back. */
const kept = 'contact-change';

const fieldOf = (form) => form.querySelector('input');

function variablesOf(form) {
  const { contact: channel, change: changeId, does } = form.dataset;
  const value = fieldOf(form)?.value.trim();
  if (does === 'again') return { channel };
  if (does === 'code') return { changeId, code: value };
  return { input: { channel, value, idempotencyKey: crypto.randomUUID() } };
}

function leaveToProve(form, authUrl) {
  sessionStorage.setItem(kept, JSON.stringify([form.dataset.contact, fieldOf(form)?.value ?? '']));
  location.assign(authUrl);
}

async function changeContact(form) {
  const { does, contact } = form.dataset;
  const field = fieldOf(form);
  if (field && !field.value.trim()) return mark(form, [{ path: [field.name], rule: 'required' }]);
  const { result } = await graph(contactCalls[does], variablesOf(form));
  const kind = result?.__typename;
  if (kind === 'StepUpRequiredError') return leaveToProve(form, result.authUrl);
  if (kind === 'ValidationError' && field)
    mark(
      form,
      result.issues.map(({ rule }) => ({ path: [field.name], rule })),
    );
  if (kind === 'ValidationError') return say(form, does === 'code' ? 'wrongCode' : 'check', 'wrong');
  if (kind === 'RateLimitedError') return say(form, does === 'again' ? 'tooSoon' : 'limited', 'wrong');
  if (kind === 'UnavailableError' || !result) return say(form, 'unavailable', 'wrong');
  if (kind !== 'ContactChangePending' && kind !== 'CustomerPayload') return say(form, 'failed', 'wrong');
  const done = does === 'code' ? 'confirmed' : contact === 'EMAIL' ? 'mailed' : 'texted';
  return location.assign(`/account?contact=${done}`);
}

for (const form of document.querySelectorAll('form[data-contact]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileBusy(form, () => changeContact(form));
  });
}

const [keptChannel, keptValue] = JSON.parse(sessionStorage.getItem(kept) ?? '[]');
const keptForm = document.querySelector(`form[data-contact="${keptChannel}"][data-does="change"]`);
if (keptForm) {
  sessionStorage.removeItem(kept);
  fieldOf(keptForm).value = keptValue;
  say(keptForm, 'proven', 'good');
  keptForm.querySelector('button').focus();
}

document.documentElement.dataset.ready = '';
