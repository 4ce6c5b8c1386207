import { describe, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';

const marker = 'Marker-of-somebody';
const personal = ['email', 'phone', 'givenName', 'password', 'accessToken', 'code', 'cookie', 'variables', 'ip'];

function logged(work: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  work(createLog('debug', { write: (line) => void (text += line) }));
  return text;
}

describe('the log (spec §5, personal data)', () => {
  test.each(personal)('%s is not written, however deep it stands', (field) => {
    const text = logged((log) => {
      log.info({ [field]: marker }, 'a fact');
      log.info({ within: { [field]: marker } }, 'a fact');
      log.info({ far: { within: { [field]: marker } } }, 'a fact');
    });

    expect(text.match(/"a fact"/g)).toHaveLength(3);
    expect(text).not.toContain(marker);
  });

  test('an error is its class, its cause’s code and its place, never its words', () => {
    const error = Object.assign(new TypeError(`duplicate key (${marker})`), { code: '23505', detail: marker });

    const text = logged((log) => log.error({ err: error, error }, 'it failed'));

    expect(text).not.toContain(marker);
    expect(JSON.parse(text)).toMatchObject({
      err: { type: 'TypeError', cause: '23505', at: expect.stringContaining('log.test') },
      error: { cause: '23505' },
    });
  });
});
