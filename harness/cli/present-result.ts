import { appendFileSync } from 'node:fs';
import { asHarnessError, type ExitCode, type HarnessError } from '../core/errors.js';
import { githubAnnotations, githubSummary } from '../report/github.js';
import type { CampaignResult } from '../report/result.js';
import { errorText, textReport } from '../report/text.js';
import { writeReport } from '../report/write-report.js';
import type { RunOptions } from './arguments.js';
import { usesColors } from './uses-colors.js';

/** Prints the result and writes the report folder; the exit code is the result's. */
export function presentResult(
  result: CampaignResult,
  options: Pick<RunOptions, 'report' | 'formats' | 'quiet' | 'verbose'>,
): ExitCode {
  // Neither the folder nor the terminal may keep the other from being written.
  const problems = [
    attempt(() => writeReport(result, options)),
    attempt(() => print(result, options)),
    attempt(() => {
      if (process.env['GITHUB_ACTIONS'] === 'true') presentOnGithub(result);
    }),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw problems[0]!;
  if (result.endedBy !== undefined)
    process.stderr.write(errorText(result.endedBy, usesColors(process.stderr)));
  return result.exitCode;
}

function attempt(action: () => void): HarnessError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return asHarnessError(error);
  }
}

function print(
  result: CampaignResult,
  options: Pick<RunOptions, 'report' | 'formats' | 'quiet' | 'verbose'>,
): void {
  if (!options.formats.includes('text')) return;
  process.stdout.write(
    textReport(result, {
      colors: usesColors(process.stdout),
      verbose: options.verbose,
      quiet: options.quiet,
      reportDirectory: options.report,
    }),
  );
}

/** Annotations go to standard output, where the runner of GitHub Actions reads them; the summary to its file. */
function presentOnGithub(result: CampaignResult): void {
  process.stdout.write(githubAnnotations(result));
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary === undefined || summary === '') return;
  try {
    appendFileSync(summary, githubSummary(result));
  } catch (error) {
    // The report folder has everything; a summary that cannot be written must not hide the outcome.
    process.stderr.write(`The step summary cannot be written: ${(error as Error).message}\n`);
  }
}
