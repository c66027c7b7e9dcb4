import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ReportInFolder } from '../report/compare-reports.js';
import { reportSchema, reportVersion } from '../report/json.js';
import { readDocument, validate } from './load-input.js';

const reportKind = {
  what: 'report',
  code: 'report',
  version: { field: 'report', current: reportVersion },
  hint: 'A report is the folder that `conformance run --report <directory>` writes, or the report.json in it.',
};

/** Reads a report, given as its folder or as its report.json, or throws a HarnessError that says what is wrong. */
export function loadReport(path: string): ReportInFolder {
  const isFolder =
    statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? basename(path) !== 'report.json';
  const file = isFolder ? join(path, 'report.json') : path;
  const report = validate(reportSchema, readDocument(file, reportKind), reportKind, file);
  return { directory: dirname(file), report };
}
