import type { CampaignResult } from '../report/result.js';
import type { RunArguments } from './arguments.js';
import { campaignOf } from './commands/run.js';
import { withDefaults } from './config.js';

/** As the options of `conformance run`, without those that are about printing and files. */
export type ConformanceOptions = Omit<RunArguments, 'report' | 'formats' | 'quiet' | 'verbose'>;

/**
 * Runs a campaign from a program and returns its result as data. Rejects with a HarnessError on wrong options
 * and when something needed is not there; findings about the agent are in the result.
 */
export async function runConformance(options: ConformanceOptions = {}): Promise<CampaignResult> {
  return campaignOf(withDefaults(options), { signal: new AbortController().signal });
}
