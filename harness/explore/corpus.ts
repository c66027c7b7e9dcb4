import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../core/hash.js';
import { planHash } from '../spec/plan-hash.js';
import { planSchema, type Plan } from '../spec/plan.js';

/** The most plans kept of each kind; beyond that the oldest failing one goes, and no new state is taken in. */
const failuresMax = 200;
const statesMax = 500;
/** Larger files are not ours. */
const fileBytesMax = 4 * 1024 * 1024;

/** What became of an offer. A corpus that cannot be read or written never fails a run. */
export type CorpusResult =
  { readonly kept: true; readonly file: string } | { readonly kept: false; readonly why: string };

/** Plans worth running again before any new ones. */
export interface Corpus {
  /** Failing plans first, then at most so many of those that reached new states; unreadable files are left out. */
  plans(statePlansMax: number): Plan[];
  /** Keeps a failing plan. */
  addFailure(plan: Plan): CorpusResult;
  /** Keeps a plan if it reached a state that no plan of the corpus has. States are any texts of the caller's. */
  addStates(plan: Plan, states: ReadonlySet<string>): CorpusResult;
  /** Forgets a plan that fails no more. */
  removeFailure(plan: Plan): void;
}

interface StateFile {
  readonly plan: Plan;
  readonly states: readonly string[];
}

/**
 * A corpus in a directory, which is made when it is first written: `failures/` and `states/` with one JSON
 * file per plan, named by its hash. Several processes may use it at once: files are renamed into place.
 */
export function openCorpus(directory: string): Corpus {
  const failures = join(directory, 'failures');
  const states = join(directory, 'states');
  const kept = readAll(states).flatMap(parseStates);
  const known = new Set(kept.flatMap((file) => file.states));
  let count = kept.length;
  return {
    plans: (statePlansMax) => [
      ...readAll(failures).flatMap(parsePlan),
      ...kept.slice(0, statePlansMax).map((file) => file.plan),
    ],
    addFailure(plan) {
      const result = write(failures, plan, plan);
      if (result.kept) dropOldest(failures, failuresMax);
      return result;
    },
    addStates(plan, reached) {
      const fresh = [...reached].filter((state) => !known.has(state));
      if (fresh.length === 0) return { kept: false, why: 'no new state' };
      if (count >= statesMax) return { kept: false, why: `the corpus holds ${statesMax} plans already` };
      for (const state of fresh) known.add(state);
      const result = write(states, plan, { plan, states: fresh } satisfies StateFile);
      if (result.kept) count++;
      return result;
    },
    removeFailure: (plan) => remove(join(failures, nameOf(plan))),
  };
}

function nameOf(plan: Plan): string {
  return `${planHash(plan).slice(0, 24)}.json`;
}

function write(directory: string, plan: Plan, content: unknown): CorpusResult {
  const file = join(directory, nameOf(plan));
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(temporary, `${canonicalJson(content)}\n`);
    renameSync(temporary, file);
    return { kept: true, file };
  } catch (error) {
    return { kept: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Gone already, or not ours to remove: the next run will find out again.
  }
}

/** The oldest by their time of change, so that many findings of one run do not push each other out by name. */
function dropOldest(directory: string, countMax: number): void {
  const files = jsonFiles(directory);
  if (files.length <= countMax) return;
  const dated = files.map((path) => ({ path, changedMs: changedMs(path) }));
  dated.sort((left, right) => left.changedMs - right.changedMs || (left.path < right.path ? -1 : 1));
  for (const { path } of dated.slice(0, files.length - countMax)) remove(path);
}

function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

interface CorpusFile {
  readonly path: string;
  readonly content: unknown;
}

/** The files of a directory in the order of their names, as JSON; those that are none are left out. */
function readAll(directory: string): CorpusFile[] {
  return jsonFiles(directory).flatMap((path) => {
    try {
      if (statSync(path).size > fileBytesMax) return [];
      return [{ path, content: JSON.parse(readFileSync(path, 'utf8')) as unknown }];
    } catch {
      return [];
    }
  });
}

function jsonFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function parsePlan(file: { readonly content: unknown }): Plan[] {
  const parsed = planSchema.safeParse(file.content);
  return parsed.success ? [parsed.data] : [];
}

function parseStates({ content }: CorpusFile): StateFile[] {
  if (typeof content !== 'object' || content === null) return [];
  const { plan, states } = content as { plan?: unknown; states?: unknown };
  if (!Array.isArray(states) || !states.every((state) => typeof state === 'string')) return [];
  return parsePlan({ content: plan }).map((valid) => ({ plan: valid, states: states as string[] }));
}
