import type {
  ArrowFunctionExpression,
  CallExpression,
  Declaration,
  Function as FunctionNode,
  NewExpression,
} from 'oxc-parser';
import { linesOf, type Parsed, type Source } from './sources.ts';

/** The budgets of the house. */
export const budgets = { fileLines: 300, medianLines: 120, functionLines: 40 };

/** Files over their budget, and names that say nothing. */
export function fileFaults({ path, text }: Source): string[] {
  const lines = linesOf(text);
  return [
    ...(lines > budgets.fileLines
      ? [`${path}: ${lines} lines, more than ${budgets.fileLines}; split it by what it is about`]
      : []),
    ...(/(^|\/)(index|utils?|helpers?|common)([.][^/]+$|\/)/i.test(path)
      ? [`${path}: the name says nothing; name the file after what it holds`]
      : []),
  ];
}

/** The middle of the files' lengths, in lines; 0 without files. */
export function medianLines(files: readonly Source[]): number {
  return files.map(({ text }) => linesOf(text)).toSorted((a, b) => a - b)[Math.floor(files.length / 2)] ?? 0;
}

type Fn = FunctionNode | ArrowFunctionExpression;

/**
 * Functions over their budget. A table is none: an arrow that only returns an object, such as the fields of a type.
 * Neither are the callbacks that group and hold tests.
 */
export function functionFaults(file: Parsed): string[] {
  const faults: string[] = [];
  const exempt = new Set<unknown>();
  const check = (fn: Fn): void => {
    const lines = file.lineOf(fn.end) - file.lineOf(fn.start) + 1;
    if (lines > budgets.functionLines && !exempt.has(fn)) {
      faults.push(
        `${file.path}:${file.lineOf(fn.start)}: a function of ${lines} lines, more than ${budgets.functionLines}`,
      );
    }
  };
  file.visit({
    CallExpression(call) {
      const name = file.text.slice(call.callee.start, call.callee.end);
      if (file.path.startsWith('test/') && /^(describe|test|it)\b/.test(name))
        call.arguments.forEach((given) => exempt.add(given));
    },
    FunctionDeclaration: check,
    FunctionExpression: check,
    ArrowFunctionExpression(fn) {
      if (fn.body.type !== 'ObjectExpression') check(fn);
    },
  });
  return faults;
}

/** Comments that switch a check off without saying why on the same line. */
export function suppressionFaults(file: Parsed): string[] {
  return file.comments
    .filter(({ value }) => {
      const line = value.trim();
      if (/^(oxlint|eslint)-disable|^(v8|c8|istanbul) ignore/.test(line)) return !/ -- .{10,}/.test(line);
      return /^@ts-(expect-error|ignore|nocheck)/.test(line) && !/^@ts-expect-error.{10,}/.test(line);
    })
    .map(({ start, value }) => `${file.path}:${file.lineOf(start)}: "${value.trim()}" gives no reason on its line`);
}

/** Reads the time anywhere but in the clock. oxlint has no rule that tells `new Date()` from `new Date(value)`. */
export function clockFaults(file: Parsed): string[] {
  if (!file.path.startsWith('src/') || file.path === 'src/platform/clock.ts') return [];
  const faults: string[] = [];
  const check = (call: NewExpression | CallExpression): void => {
    if (call.callee.type === 'Identifier' && call.callee.name === 'Date' && !call.arguments.length) {
      faults.push(
        `${file.path}:${file.lineOf(call.start)}: take the time from the clock you are given (src/platform/clock.ts)`,
      );
    }
  };
  file.visit({ NewExpression: check, CallExpression: check });
  return faults;
}

function namesOf(declared: Declaration): string[] {
  if (declared.type === 'VariableDeclaration') {
    return declared.declarations.map(({ id }) => (id.type === 'Identifier' ? id.name : 'pattern'));
  }
  return 'id' in declared && declared.id && 'name' in declared.id ? [declared.id.name] : ['declaration'];
}

/** Exported declarations without a doc comment right before them. */
export function documentationFaults(file: Parsed): string[] {
  const documented = (at: number): boolean =>
    file.comments.some(
      ({ type, value, end }) =>
        type === 'Block' && value.startsWith('*') && end <= at && !file.text.slice(end, at).trim(),
    );
  const later = new Set<string>();
  const seen = new Set<string>();
  const found: { name: string; at: number }[] = [];
  for (const node of file.program.body) {
    if (node.type === 'ExportNamedDeclaration' && node.declaration) {
      for (const name of namesOf(node.declaration)) found.push({ name, at: node.start });
    } else if (node.type === 'ExportNamedDeclaration' && !node.source) {
      for (const { local } of node.specifiers) if ('name' in local) later.add(local.name);
    } else if (node.type === 'ExportDefaultDeclaration') found.push({ name: 'default', at: node.start });
  }
  for (const node of file.program.body) {
    if (node.type.endsWith('Declaration') && !/^(Export|Import)/.test(node.type)) {
      for (const name of namesOf(node as Declaration)) if (later.has(name)) found.push({ name, at: node.start });
    }
  }
  return found.flatMap(({ name, at }) => {
    const overload = seen.has(name);
    seen.add(name);
    return overload || documented(at)
      ? []
      : [`${file.path}:${file.lineOf(at)}: ${name} is exported without a doc comment`];
  });
}

/** Texts that name a place on somebody's machine, or a host that packages come from. `own` are the paths of this one. */
export function placeFaults({ path, text }: Source, own: readonly string[]): string[] {
  const places = [
    /\/(home|Users)\/[a-z][\w.-]+\//,
    /(^|[\s'"`(=:])\/root\//,
    /https?:\/\/[^/\s]*(registry|artifactory|mirror)[^/\s]*/,
  ];
  return text
    .split('\n')
    .flatMap((line, at) =>
      own.some((place) => line.includes(place)) || places.some((place) => place.test(line))
        ? [`${path}:${at + 1}: names a path or a host that only some machines have`]
        : [],
    );
}
