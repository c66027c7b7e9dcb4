import { Command } from 'commander';
import { runtimeChoices } from '../spec/runtime-choice.js';
import { duration, positive, runtime, several } from './argument-values.js';
import type { RunOptions } from './arguments.js';

type CampaignOptions =
  'runtime' | 'suites' | 'requirements' | 'seed' | 'cases' | 'timeMs' | 'report' | 'verbose';

export interface ServeOptions extends Pick<RunOptions, CampaignOptions> {
  /** Path of an agent file that says what the attached agent supports, or `kubelet` with its variants. */
  readonly agent?: string;
  /** Of `--agent kubelet`. */
  readonly agentBinary?: string;
}

interface ParsedServe extends Omit<ServeOptions, 'suites' | 'requirements' | 'timeMs'> {
  readonly suite: string[];
  readonly requirement: string[];
  readonly time?: number;
}

/** `conformance serve`. */
export function serveCommandLine(found: (options: ServeOptions) => void): Command {
  return new Command('serve')
    .description('print endpoints, wait for an agent that someone else starts, and run a campaign against it')
    .option('--agent <agent>', 'agent file that says what the agent supports, or kubelet')
    .option('--agent-binary <path>', 'the kubelet to start (default: the one in PATH)')
    .option('--runtime <runtime>', runtimeChoices, runtime, 'memory')
    .option('--suite <names>', 'only these suites (several)', several, [])
    .option('--requirement <globs>', 'only these requirements (several)', several, [])
    .option('--seed <seed>', 'where randomness starts')
    .option('--cases <number>', 'how many cases to run', positive)
    .option('--time <duration>', 'how long to run', duration)
    .option('--report <directory>', 'the report folder', 'conformance-report')
    .option('--verbose', 'print more', false)
    .action((parsed: ParsedServe) => {
      const { suite, requirement, time, ...rest } = parsed;
      const timeMs = time === undefined ? {} : { timeMs: time };
      found({ ...rest, suites: suite, requirements: requirement, ...timeMs });
    });
}
