import { keycloakKill } from './keycloak-kill.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const drills: Record<string, () => Promise<boolean>> = {
  'keycloak-kill': async () =>
    (await keycloakKill(20, say)).every(({ drift, disordered }) => drift === 0 && disordered === 0),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in drills));
if (unknown.length) {
  say(`There is no drill ${unknown.join(', ')}. Choose of: ${Object.keys(drills).join(', ')}.`);
  process.exit(1);
}
let isWhole = true;
for (const name of names.length ? names : Object.keys(drills)) {
  const held = (await drills[name]?.()) ?? false;
  say(held ? `${name}: nothing was lost.` : `${name}: something was lost, see above.`);
  isWhole &&= held;
}
process.exitCode = isWhole ? 0 : 1;
