import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { assert, ExitCode, HarnessError } from '../core/errors.js';
import { encodeTrace } from '../trace/codec.js';
import { caseOf, type CaseOrigin } from './case-of.js';
import { allCases } from './groups.js';
import { htmlReport } from './html.js';
import { jsonReport, reportSchema } from './json.js';
import { junitReport } from './junit.js';
import type { CampaignResult, ReportedFinding } from './result.js';
import { conformanceStatement } from './statement.js';
import { tracePath } from './trace-path.js';

export interface WriteReportOptions {
  /** The report folder; made when it is missing. */
  readonly report: string;
  /** `report.json`, the statement and the cases are always written: scripts depend on them. */
  readonly formats?: readonly string[];
}

/**
 * Writes the report folder: `report.json`, `cases/*.json`, `traces/*.ndjson`, `statement.md`, `junit.xml` and
 * `index.html`. The cases of a report that was there before go: they would be taken for failures of this campaign.
 */
export function writeReport(result: CampaignResult, options: WriteReportOptions): void {
  const wants = (format: string): boolean => options.formats?.includes(format) ?? true;
  const write = (path: string, text: string): void =>
    writeFile(join(options.report, path), text, options.report);
  const stale = new Set(writtenBefore(options.report));
  // Cases come first: they are what must not be lost when the disk fills up.
  for (const finding of allCases(result)) {
    writeCase(result, finding, options.report);
    for (const path of pathsOf(finding)) stale.delete(path);
  }
  write('report.json', `${JSON.stringify(jsonReport(result), null, 2)}\n`);
  write('statement.md', conformanceStatement(result));
  if (wants('junit')) write('junit.xml', junitReport(result));
  if (wants('html')) write('index.html', htmlReport(result));
  for (const path of stale) removeQuietly(join(options.report, path));
}

/** Cases and traces that the folder's report lists so far. Whatever else is in the folder is not ours to remove. */
function writtenBefore(report: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(report, 'report.json'), 'utf8');
  } catch {
    return [];
  }
  const before = reportSchema.safeParse(parsed(text));
  if (!before.success) return [];
  const { verdicts, flaky = [] } = before.data;
  return [...verdicts.flatMap(({ findings }) => findings), ...flaky]
    .flatMap((finding) => [finding.case, finding.trace])
    .filter((path) => path !== undefined)
    .map(normalize)
    .filter((path) => /^(cases|traces)\/[^/]+$/.test(path));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pathsOf(finding: ReportedFinding): string[] {
  const trace = tracePath(finding);
  return [normalize(finding.case), ...(trace === undefined ? [] : [trace])];
}

/** Writes the case of one finding, and the trace that shows it. */
export function writeCase(origin: CaseOrigin, finding: ReportedFinding, report: string): void {
  const path = normalize(finding.case);
  assert(
    !isAbsolute(path) && !path.startsWith('..'),
    `the case path ${finding.case} leaves the report folder`,
  );
  writeFile(join(report, path), `${JSON.stringify(caseOf(origin, finding), null, 2)}\n`, report);
  const trace = tracePath(finding);
  if (trace !== undefined) writeFile(join(report, trace), encodeTrace(finding.trace!), report);
}

/** Removes what `writeCase` wrote. */
export function removeCase(finding: ReportedFinding, report: string): void {
  for (const path of pathsOf(finding)) removeQuietly(join(report, path));
}

/** Finds out before a campaign that its report could not be written, rather than after it. Leaves nothing. */
export function checkReportFolder(directory: string): void {
  try {
    let existing = resolve(directory);
    while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a directory`);
    // What is not a file system for files, such as /proc, says that it can be written.
    rmdirSync(mkdtempSync(join(existing, '.conformance-')));
  } catch (error) {
    throw notWritable(directory, error);
  }
}

function writeFile(path: string, text: string, directory: string): void {
  try {
    makeDirectory(dirname(path));
    writeFileSync(path, text);
  } catch (error) {
    // Half a file is worse than none: it would be taken for a malformed one.
    removeQuietly(path);
    throw notWritable(directory, error);
  }
}

/** One level after the other: Node's own recursive call never returns where nothing can be made. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where nothing can be written there is nothing to remove.
  }
}

function notWritable(directory: string, error: unknown): HarnessError {
  return new HarnessError({
    code: 'report-not-writable',
    message: 'The report folder cannot be written.',
    exitCode: ExitCode.unavailable,
    file: directory,
    expected: 'a directory that can be written, or made',
    got: error instanceof Error ? error.message : String(error),
    hint: 'Make room, or choose another with --report <directory>.',
    cause: error,
  });
}
