import type { ExitCode } from '../core/errors.js';
import type { CampaignResult } from '../report/result.js';
import { textReport } from '../report/text.js';
import { writeReport } from '../report/write-report.js';
import type { RunOptions } from './arguments.js';

/** Prints the result and writes the report folder; the exit code is the result's. */
export async function presentResult(
  result: CampaignResult,
  options: Pick<RunOptions, 'report' | 'formats' | 'quiet' | 'verbose'>,
): Promise<ExitCode> {
  if (options.formats.includes('text')) {
    process.stdout.write(
      textReport(result, {
        colors: process.stdout.isTTY && !process.env['NO_COLOR'],
        verbose: options.verbose,
        reportDirectory: options.report,
      }),
    );
  }
  await writeReport(result, options);
  return result.exitCode;
}
