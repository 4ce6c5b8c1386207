import { cpus, loadavg } from 'node:os';
import { type CallCost, validateToken, type ValidateTokenFigures } from './validate-token.ts';

/** Goals of issue 2; a run fails at three times the figure. */
const goals = { perCpuSecond: 10_000, ratio: 1.3, times: 3 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What was met, or by how much it was missed. */
function verdict(figure: number, goal: number, isMet: boolean): string {
  return isMet ? `goal ${goal}: met` : `goal ${goal}: NOT met (${figure})`;
}

function callLine(name: string, { calls, wrong, cpuMicroseconds, medianMs, p95Ms }: CallCost): string {
  return `| ${name} | ${calls} | ${wrong} | ${cpuMicroseconds.toFixed(0)} µs | ${medianMs.toFixed(2)} ms | ${p95Ms.toFixed(2)} ms |`;
}

function told({ inProcess, empty, nothing, validate }: ValidateTokenFigures): string[] {
  const [first] = cpus();
  const load = loadavg().map((each) => each.toFixed(1));
  const ratio = validate.cpuMicroseconds / empty.cpuMicroseconds;
  const wall = validate.medianMs / empty.medianMs;
  const perSecond = Math.round(inProcess.perCpuSecond);
  return [
    '',
    `ValidateToken, warm caches, 1,000 customers. ${new Date().toISOString().slice(0, 10)}, ${first?.model.trim()}, ${cpus().length} cores, load ${load.join(' ')}, Node ${process.version}.`,
    '',
    `In process: ${perSecond} a second of one core (${inProcess.calls} calls, ${inProcess.wrong} wrong). ${verdict(perSecond, goals.perCpuSecond, perSecond >= goals.perCpuSecond)}`,
    '',
    '| over gRPC, 16 at a time | calls | wrong | CPU of the server a call | median | P95 |',
    '|---|---|---|---|---|---|',
    callLine('an empty call, without any check', empty),
    callLine('our call without a token, its caller checked', nothing),
    callLine('ValidateToken, its caller checked', validate),
    '',
    `Beside our own call without a token: CPU ${(validate.cpuMicroseconds / nothing.cpuMicroseconds).toFixed(2)} times.`,
    `Beside an empty call: CPU ${ratio.toFixed(2)} times, median ${wall.toFixed(2)} times. ${verdict(Number(ratio.toFixed(2)), goals.ratio, ratio <= goals.ratio)}`,
  ];
}

/** Whether everything was answered right, and nothing was three times worse than its goal. */
function isBearable({ inProcess, empty, nothing, validate }: ValidateTokenFigures): boolean {
  const wrong = inProcess.wrong + empty.wrong + nothing.wrong + validate.wrong;
  const ratio = validate.cpuMicroseconds / empty.cpuMicroseconds;
  return !wrong && inProcess.perCpuSecond >= goals.perCpuSecond / goals.times && ratio <= goals.ratio * goals.times;
}

const figures = await validateToken(say);
for (const line of told(figures)) say(line);
process.exitCode = isBearable(figures) ? 0 : 1;
