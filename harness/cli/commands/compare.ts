import { ExitCode } from '../../core/errors.js';
import { compareReports } from '../../report/compare-reports.js';
import { comparisonText } from '../../report/comparison-text.js';
import type { CompareOptions } from '../compare-arguments.js';
import { loadReport } from '../load-report.js';
import { usesColors } from '../uses-colors.js';

/** `conformance compare`: 1 when the second report is worse than the first in any requirement, else 0. */
export function compareCommand(options: CompareOptions): Promise<ExitCode> {
  const comparison = compareReports(loadReport(options.first), loadReport(options.second));
  process.stdout.write(
    options.json
      ? `${JSON.stringify(comparison, null, 2)}\n`
      : comparisonText(comparison, usesColors(process.stdout)),
  );
  const isWorse = comparison.requirements.some(({ change }) => change === 'worse');
  return Promise.resolve(isWorse ? ExitCode.doesNotConform : ExitCode.conforms);
}
