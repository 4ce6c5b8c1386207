/* oxlint-disable no-restricted-globals -- runs in the browser, which has its own clock and fetch */
// What our pages do with sessions and with acting for somebody, beside `live.js`, whose address the server writes here.
import { graph, json, say, whileBusy } from './live.js';

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

document.documentElement.dataset.ready = '';
