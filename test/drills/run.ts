import { isWhole, keycloakKill } from './keycloak-kill.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const drills: Record<string, () => Promise<boolean>> = {
  'keycloak-kill': async () => (await keycloakKill(20, say)).every(isWhole),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in drills));
if (unknown.length) {
  say(`There is no drill ${unknown.join(', ')}. Choose of: ${Object.keys(drills).join(', ')}.`);
  process.exit(1);
}
let isAllWhole = true;
for (const name of names.length ? names : Object.keys(drills)) {
  const held = (await drills[name]?.()) ?? false;
  say(held ? `${name}: nothing was lost.` : `${name}: something was lost, see above.`);
  isAllWhole &&= held;
}
process.exitCode = isAllWhole ? 0 : 1;
