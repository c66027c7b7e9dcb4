import { basename } from 'node:path';
import type { ComparedReport, UnlikeField } from './compare-reports.js';

/** What a field of two reports differs in: `file, http → file`. */
export function differenceWords(field: UnlikeField, first: ComparedReport, second: ComparedReport): string {
  if (field === 'features') return setWords(first.agent.features, second.agent.features);
  if (field === 'timings') return periodWords(first, second);
  const words = wordsOf[field];
  return `${words(first)} → ${words(second)}`;
}

const wordsOf: Readonly<
  Record<Exclude<UnlikeField, 'features' | 'timings'>, (report: ComparedReport) => string>
> = {
  suiteVersion: (report) => report.suiteVersion,
  catalogueRevision: (report) => String(report.catalogueRevision),
  world: (report) => report.world,
  runtime: (report) => report.runtime,
  seed: (report) => report.seed,
  suites: (report) => listWords(report.suites),
  cases: (report) => String(report.cases),
  interrupted: (report) => yesNo(report.interrupted),
  sources: (report) => listWords(report.agent.sources),
  sharesAgent: (report) => yesNo(report.sharesAgent === true),
  repeatedCases: (report) => String(report.repeatedCases ?? 0),
  savedCases: (report) => listWords(report.savedCases?.map(({ file }) => basename(file)) ?? []),
};

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function listWords(names: readonly string[]): string {
  return names.join(', ') || 'none';
}

/** Long lists differ in a few names. */
function setWords(first: readonly string[], second: readonly string[]): string {
  const [removed, added] = [
    first.filter((name) => !second.includes(name)),
    second.filter((name) => !first.includes(name)),
  ];
  return [...removed.map((name) => `− ${name}`), ...added.map((name) => `+ ${name}`)].join(', ');
}

function periodWords({ agent: { timings: first } }: ComparedReport, second: ComparedReport): string {
  const { timings } = second.agent;
  if (first === undefined || timings === undefined)
    return [first, timings].map((periods) => (periods === undefined ? 'none' : 'as declared')).join(' → ');
  return [...new Set([...Object.keys(first), ...Object.keys(timings)])]
    .filter((name) => first[name] !== timings[name])
    .map((name) => `${name} ${String(first[name])} → ${String(timings[name])}`)
    .join(', ');
}
