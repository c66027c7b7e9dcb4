import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { ExitCode, HarnessError } from '../core/errors.js';
import { agentFeatures } from '../ports/agent.js';
import {
  knownFailingEntries,
  knownFailingSchema,
  parseKnownFailingText,
  type KnownFailing,
} from '../report/known-failing.js';
import { agentFilePlaceholders, agentFileSchema, type AgentFile } from '../spec/agent-file.js';
import { caseFileSchema, caseFileVersion, type CaseFile } from '../spec/case-file.js';
import { planSchema, planVersion, type Plan } from '../spec/plan.js';
import { importUserModule } from './load-agent.js';

const fileMaxBytes = 16 * 1024 * 1024;
/** YAML aliases that expand to more than this many nodes are an attack or a mistake. */
const aliasesMax = 100;

interface Kind {
  /** For messages: `case file`, `plan`. */
  readonly what: string;
  /** For the error's code: `case`, `plan`. */
  readonly code: string;
  /** The field that holds the format's version, and the version that this suite reads. */
  readonly version?: { readonly field: string; readonly current: number };
  readonly hint?: string;
}

const caseKind: Kind = {
  what: 'case file',
  code: 'case',
  version: { field: 'case', current: caseFileVersion },
  hint: 'Case files are written by `conformance run` into the report folder, under cases/.',
};
const planKind: Kind = { what: 'plan', code: 'plan', version: { field: 'plan', current: planVersion } };
const agentKind: Kind = {
  what: 'agent file',
  code: 'agent-file',
  hint: 'docs/WRITING-AN-AGENT.md has an example of an agent file.',
};
const knownFailingKind: Kind = {
  what: 'known-failing file',
  code: 'known-failing',
  hint: 'It is a list of requirements or globs, for example "- MUX-03"; CI.md has an example.',
};

/** Reads a saved case, or throws a HarnessError that says what is wrong with it. */
export function loadCase(path: string): CaseFile {
  const value = readDocument(path, caseKind);
  // A plan inside has a version of its own, which is to be named rather than "malformed".
  if (isRecord(value) && isRecord(value['plan'])) checkVersion(value['plan'], planKind, path);
  return validate(caseFileSchema, value, caseKind, path);
}

export function loadPlan(path: string): Plan {
  return validate(planSchema, readDocument(path, planKind), planKind, path);
}

/** Reads a known-failing file: YAML or JSON, or plain lines when it ends in `.txt`. */
export function loadKnownFailing(path: string): KnownFailing[] {
  if (extname(path) === '.txt') return knownFailingLines(path);
  const value = readDocument(path, knownFailingKind) ?? [];
  return knownFailingEntries(validate(knownFailingSchema, value, knownFailingKind, path));
}

function knownFailingLines(path: string): KnownFailing[] {
  return readText(path, knownFailingKind)
    .split('\n')
    .flatMap((line, index) => {
      const entries = parseKnownFailingText(line);
      const wrong = entries.find(({ requirement }) => !/^[A-Za-z0-9*?-]{1,64}$/.test(requirement));
      if (wrong === undefined) return entries;
      throw malformed(knownFailingKind, path, {
        path: `line ${index + 1}`,
        expected: 'a requirement or a glob such as MUX-03 or TERM-*',
        got: wrong.requirement.slice(0, 120),
      });
    });
}

/** Reads an agent file: YAML or JSON, or a TypeScript or JavaScript module with a default or `agent` export. */
export async function loadAgentFile(path: string): Promise<AgentFile> {
  const file = validate(agentFileSchema, await agentFileValue(path), agentKind, path);
  for (const [index, feature] of file.features.entries()) {
    if ((agentFeatures as readonly string[]).includes(feature)) continue;
    throw malformed(agentKind, path, {
      path: `features[${index}]`,
      expected: `one of: ${agentFeatures.join(', ')}`,
      got: JSON.stringify(feature),
    });
  }
  checkPlaceholders(file, path);
  return file;
}

async function agentFileValue(path: string): Promise<unknown> {
  if (!/\.[cm]?[jt]s$/.test(path)) return readDocument(path, agentKind);
  readText(path, agentKind);
  const loaded = await importUserModule<{ readonly default?: unknown; readonly agent?: unknown }>(
    path,
    agentKind.what,
  );
  return loaded.agent ?? defaultExport(loaded);
}

/**
 * What a user's module exports by default. Where no package.json says `"type": "module"`, TypeScript files are
 * loaded as CommonJS, and their exports come as one object that has the default inside.
 */
export function defaultExport(loaded: { readonly default?: unknown }): unknown {
  const outer = loaded.default;
  if (!isRecord(outer)) return outer;
  return 'default' in outer || '__esModule' in outer ? outer['default'] : outer;
}

function checkPlaceholders(file: AgentFile, path: string): void {
  const templates: [string, string][] = [
    ...(typeof file.command === 'string' ? [file.command] : file.command).map(
      (word, index): [string, string] => [
        typeof file.command === 'string' ? 'command' : `command[${index}]`,
        word,
      ],
    ),
    ...Object.entries(file.env ?? {}).map(([name, value]): [string, string] => [`env.${name}`, value]),
    ...(file.cwd === undefined ? [] : [['cwd', file.cwd] as [string, string]]),
  ];
  for (const [where, text] of templates) {
    for (const [, name = ''] of text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)) {
      if (Object.hasOwn(agentFilePlaceholders, name)) continue;
      throw malformed(agentKind, path, {
        path: where,
        expected: `a placeholder that the suite fills in: ${Object.keys(agentFilePlaceholders).slice(0, 8).join(', ')}, timings.<period>`,
        got: `{{${name}}}`,
      });
    }
  }
}

/** Reads a file and decodes it: JSON when it ends in `.json`, YAML otherwise. */
export function readDocument(path: string, kind: Kind): unknown {
  const text = readText(path, kind);
  try {
    if (extname(path) === '.json') return JSON.parse(text) as unknown;
    const document = parseDocument(text, { prettyErrors: true });
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    return document.toJS({ maxAliasCount: aliasesMax }) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw malformed(kind, path, {
      expected: extname(path) === '.json' ? 'JSON' : 'YAML or JSON, with few aliases',
      got: message.split('\n')[0]!.slice(0, 300).replace(/:$/, ''),
      cause: error,
    });
  }
}

/** Checks a decoded value; the error names the first problem and where in the file it is. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  kind: Kind,
  path: string,
): z.infer<Schema> {
  if (isRecord(value)) checkVersion(value, kind, path);
  const parsed = schema.safeParse(value, { reportInput: false });
  if (parsed.success) return parsed.data;
  const issue = deepestIssue(parsed.error.issues);
  throw malformed(kind, path, {
    path: pathText(issue.path) || '(the whole file)',
    expected: expectedText(issue),
    got: gotText(value, issue),
    cause: parsed.error,
  });
}

function readText(path: string, kind: Kind): string {
  try {
    const { size } = statSync(path);
    if (size > fileMaxBytes) {
      throw malformed(kind, path, {
        expected: `at most ${fileMaxBytes / 1024 / 1024} MiB`,
        got: `${(size / 1024 / 1024).toFixed(1)} MiB`,
      });
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new HarnessError({
      code: `${kind.code}-unreadable`,
      message: `The ${kind.what} cannot be read.`,
      exitCode: ExitCode.usage,
      file: path,
      expected: 'a file that can be read',
      got: readProblems[code] ?? code,
      hint: 'Check the path; it is relative to the current directory.',
      cause: error,
    });
  }
}

const readProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file (ENOENT)',
  EACCES: 'permission denied (EACCES)',
  EISDIR: 'a directory (EISDIR)',
  ENOTDIR: 'a path through something that is not a directory (ENOTDIR)',
};

function checkVersion(value: Record<string, unknown>, kind: Kind, path: string): void {
  if (kind.version === undefined) return;
  const { field, current } = kind.version;
  const found = value[field];
  if (typeof found !== 'number' || found <= current) return;
  throw new HarnessError({
    code: `${kind.code}-newer`,
    message: `The ${kind.what} was written by a newer version of the suite.`,
    exitCode: ExitCode.usage,
    file: path,
    path: field,
    expected: `format version ${current} or older`,
    got: `format version ${found}`,
    hint: 'Update node-agent-conformance.',
  });
}

function malformed(
  kind: Kind,
  file: string,
  parts: { path?: string; expected: string; got: string; cause?: unknown },
): HarnessError {
  return new HarnessError({
    code: `${kind.code}-malformed`,
    message: `The ${kind.what} is malformed.`,
    exitCode: ExitCode.usage,
    file,
    ...parts,
    hint: kind.hint,
  });
}

interface Issue {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
  readonly keys?: readonly string[];
}

/** Of a union the alternative that got furthest is what the writer meant. */
function deepestIssue(issues: readonly Issue[], depthMax = 8): Issue {
  const [first] = issues;
  const alternatives = first?.errors?.filter((alternative) => alternative.length > 0) ?? [];
  if (first === undefined || alternatives.length === 0 || depthMax === 0) {
    return first ?? { path: [], message: 'unknown problem' };
  }
  const inner = alternatives.map((alternative) => deepestIssue(alternative, depthMax - 1));
  const deepest = inner.reduce((left, right) => (right.path.length > left.path.length ? right : left));
  if (deepest.path.length === 0) return first;
  return { ...deepest, path: [...first.path, ...deepest.path] };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => text + (typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`),
    '',
  );
}

function expectedText(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return 'only known fields';
  if (issue.code === 'invalid_union' && !issue.message.includes('xpected')) return 'a value of another form';
  return issue.message
    .replace(/^(Invalid|Too) \w+( value)?[:.] /, '')
    .replace(/^expected number to be >=/i, 'a number of at least ')
    .replace(/^expected number to be <=/i, 'a number of at most ')
    .replace(/^expected (number|string|array) to (be|have) /i, '$1 of ')
    .replace(/^expected /i, '')
    .replace(/, received .*$/, '');
}

function gotText(value: unknown, issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `unknown field ${(issue.keys ?? []).join(', ')}`;
  let at: unknown = value;
  for (const key of issue.path) {
    if (!isRecord(at) && !Array.isArray(at)) return 'nothing';
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  if (at === undefined) return 'nothing';
  const text = jsonText(at);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'something that is nested too deeply';
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
