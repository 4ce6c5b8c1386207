import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const theme = 'keycloak/src/main/resources/theme/customer';
const read = (path: string): string => readFileSync(path, 'utf8');
const keysOf = (path: string): string[] =>
  read(path)
    .split('\n')
    .flatMap((line) => /^([^#=\s]+)=/.exec(line)?.[1] ?? [])
    .toSorted();

/** The rules of a stylesheet, each as it is written. */
const rulesOf = (css: string): string[] =>
  css
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .split(/(?<=^\})\n/m)
    .map((rule) => rule.trim())
    .filter(Boolean);

describe('the sign-in pages are those of one shop (issue 2, deliverable 12)', () => {
  test('what they share with our own pages is written as it is there', () => {
    const own = new Set(rulesOf(read('src/http/style.css')));
    const shared = rulesOf(read(`${theme}/login/resources/css/shop.css`));

    expect(shared.length).toBeGreaterThan(20);
    expect(shared.filter((rule) => !own.has(rule))).toEqual([]);
  });

  test('mails of Keycloak and of ours look the same', () => {
    const [, style = ''] = /#return "([^"]+)"/.exec(read(`${theme}/email/html/template.ftl`)) ?? [];
    const ours = [
      ...(/const style = \[([^\]]+)\]/.exec(read('src/platform/mail.ts'))?.[1] ?? '').matchAll(/'([^']+)'/g),
    ];

    expect(style.length).toBeGreaterThan(100);
    expect(style).toBe(ours.map(([, line]) => line).join(''));
  });

  test.each(['login', 'email'])('what the %s theme says in one language it says in the other', (kind) => {
    const [en, de] = ['en', 'de'].map((language) =>
      keysOf(`${theme}/${kind}/messages/messages_${language}.properties`),
    );

    expect(en?.length).toBeGreaterThan(5);
    expect(de).toEqual(en);
    expect(new Set(en).size).toBe(en?.length);
  });
});
