import { Command, CommanderError } from 'commander';
import { ExitCode, HarnessError } from '../core/errors.js';
import { runtimeChoices } from '../spec/runtime-choice.js';
import { agentCommandLine, type AgentOptions } from './agent-arguments.js';
import {
  choice,
  collected,
  duration,
  formats,
  positive,
  runtime,
  runtimes,
  several,
  type ReportFormat,
} from './argument-values.js';
import { compareCommandLine, type CompareOptions } from './compare-arguments.js';
import { serveCommandLine, type ServeOptions } from './serve-arguments.js';

/** What `run` was told on the command line; the configuration file fills in what is absent. */
export interface RunArguments {
  readonly agent?: string;
  /** Plans share a running agent where they can; in live. */
  readonly shareAgent?: boolean;
  readonly agentBinary?: string;
  readonly world?: 'sim' | 'live';
  readonly runtime?: string;
  readonly suites?: readonly string[];
  readonly requirements?: readonly string[];
  readonly seed?: string;
  readonly cases?: number;
  readonly savedCases?: readonly string[];
  readonly timeMs?: number;
  readonly jobs?: number;
  readonly bail?: boolean;
  readonly knownFailing?: string;
  readonly report?: string;
  readonly formats?: readonly ReportFormat[];
  readonly shrink?: boolean;
  readonly shrinkMs?: number;
  readonly alsoOn?: readonly string[];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Everything that `run` needs to know, after command line, configuration file and defaults. */
export interface RunOptions {
  /** `reference`, `mutant:<name>`, `kubelet`, a module, or an agent file. */
  readonly agent: string;
  /** Of `kubelet`; absent: the one in PATH. */
  readonly agentBinary?: string;
  /** Absent: the agent and the runtime decide. */
  readonly world?: 'sim' | 'live';
  /** `memory`, `docker` or `cri:unix:///<socket>`. */
  readonly runtime: string;
  /** Empty: all. */
  readonly suites: readonly string[];
  /** Globs; empty: all. */
  readonly requirements: readonly string[];
  /** Absent: drawn, and printed. */
  readonly seed?: string;
  readonly cases?: number;
  /** Paths of case files, which run first; without `cases` and `timeMs` nothing else does. */
  readonly savedCases?: readonly string[];
  readonly timeMs?: number;
  /** In live, plans share a running agent where they can. Default: for a kubelet with the memory runtime. */
  readonly shareAgent?: boolean;
  /** Absent: as many as there are cores; of shared agents as many as they sustain. */
  readonly jobs?: number;
  readonly bail: boolean;
  /** Path of the known-failing file. */
  readonly knownFailing?: string;
  /** The report folder. */
  readonly report: string;
  readonly formats: readonly ReportFormat[];
  readonly shrink: boolean;
  /** The longest that one failing case is made smaller in live, in milliseconds. */
  readonly shrinkMs?: number;
  /** Runtimes, besides `runtime`, on which a failing case is tried too. */
  readonly alsoOn?: readonly string[];
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface ReplayOptions {
  readonly casePath: string;
  /** Absent: as the case file says. */
  readonly agent?: string;
  readonly agentBinary?: string;
  readonly world?: 'sim' | 'live';
  readonly runtime?: string;
  /** Where the trace is written as newline-delimited JSON. */
  readonly trace?: string;
  readonly verbose: boolean;
}

export interface JudgeOptions {
  readonly tracePath: string;
}

export interface ListOptions {
  readonly what: 'requirements' | 'suites' | 'mutants';
  readonly json: boolean;
}

export interface ExplainOptions {
  readonly requirement: string;
  readonly json: boolean;
}

export interface DoctorOptions {
  /** The runtime that is meant to be used: it has to work. */
  readonly runtime?: string;
  readonly json: boolean;
}

export type Invocation =
  | { readonly command: 'run'; readonly options: RunArguments; readonly config?: string }
  | { readonly command: 'replay'; readonly options: ReplayOptions }
  | { readonly command: 'judge'; readonly options: JudgeOptions }
  | { readonly command: 'compare'; readonly options: CompareOptions }
  | { readonly command: 'serve'; readonly options: ServeOptions }
  | { readonly command: 'agent'; readonly options: AgentOptions }
  | { readonly command: 'list'; readonly options: ListOptions }
  | { readonly command: 'explain'; readonly options: ExplainOptions }
  | { readonly command: 'doctor'; readonly options: DoctorOptions }
  /** Help or version: `text` is to be printed. */
  | { readonly command: 'text'; readonly text: string };

/**
 * Reads the command line (without node and script). Wrong usage throws a HarnessError with exit code 64; help
 * and version come back as text.
 */
export function parseArguments(words: readonly string[], version: string): Invocation {
  let invocation: Invocation | undefined;
  let output = '';
  const program = buildProgram(version, (parsed) => (invocation = parsed));
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => (output += text), writeErr: (text) => (output += text) });
  }
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || words.length === 0) return { command: 'text', text: output };
    const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
    throw new HarnessError({
      code: 'usage',
      message,
      exitCode: ExitCode.usage,
      hint: `${suggestion.map((line) => `${line.replace(/[()]/g, '')} `).join('')}See \`conformance ${program.commands.some((command) => command.name() === words[0]) ? `${words[0]} ` : ''}--help\`.`,
      cause: error,
    });
  }
  return invocation ?? { command: 'text', text: program.helpInformation() };
}

type Found = (invocation: Invocation) => void;

function buildProgram(version: string, found: Found): Command {
  const program = new Command('conformance')
    .description('Finds, shrinks and replays histories in which a node agent breaks its requirements.')
    .version(version, '-V, --version', 'print the version of the suite')
    .helpCommand(false)
    .addHelpText('after', mainExamples);
  program.addCommand(runCommandLine(found));
  program.addCommand(replayCommandLine(found));
  program.addCommand(
    new Command('judge')
      .description('judge a recorded trace again')
      .argument('<trace>', 'path of a trace, one event a line')
      .action((tracePath: string) => found({ command: 'judge', options: { tracePath } })),
  );
  program.addCommand(compareCommandLine((options) => found({ command: 'compare', options })));
  program.addCommand(serveCommandLine((options) => found({ command: 'serve', options })));
  program.addCommand(agentCommandLine((options) => found({ command: 'agent', options })));
  program.addCommand(
    new Command('list')
      .description('list requirements, suites or mutants')
      .argument('<what>', 'requirements, suites or mutants', choice(['requirements', 'suites', 'mutants']))
      .option('--json', 'as a JSON array', false)
      .action((what: ListOptions['what'], options: { json: boolean }) =>
        found({ command: 'list', options: { what, json: options.json } }),
      ),
  );
  program.addCommand(
    new Command('explain')
      .description('print a requirement: text, bound, how a violation shows')
      .argument('<requirement>', 'identifier or glob, for example MUX-03')
      .option('--json', 'as a JSON array', false)
      .action((requirement: string, options: { json: boolean }) =>
        found({ command: 'explain', options: { requirement, json: options.json } }),
      ),
  );
  program.addCommand(
    new Command('doctor')
      .description('say what works on this machine, and what to do about what does not')
      .option('--runtime <runtime>', `also this one: ${runtimeChoices}`, runtime)
      .option('--json', 'as a JSON array', false)
      .action((options: DoctorOptions) => found({ command: 'doctor', options })),
  );
  return program;
}

interface ParsedRun extends Omit<
  RunArguments,
  'suites' | 'requirements' | 'timeMs' | 'formats' | 'shrinkMs'
> {
  readonly shrinkTime?: number;
  readonly suite?: string[];
  readonly requirement?: string[];
  readonly time?: number;
  readonly format?: ReportFormat[];
  readonly config?: string;
}

function runCommandLine(found: Found): Command {
  return new Command('run')
    .description('run a campaign against an agent')
    .option(
      '--agent <agent>',
      'reference, mutant:<name>, kubelet, a module (.ts, .js) or an agent file (.yaml)',
    )
    .option('--agent-binary <path>', 'the kubelet to start (default: the one in PATH)')
    .option('--world <world>', 'sim (virtual time) or live (real time)', choice(['sim', 'live']))
    .option('--runtime <runtime>', runtimeChoices, runtime)
    .option('--suite <names>', 'only these suites (several)', several)
    .option('--requirement <globs>', 'only these requirements, for example MUX-* (several)', several)
    .option('--seed <seed>', 'where randomness starts: the same seed runs the same cases')
    .option('--cases <number>', 'how many cases to run', positive)
    .option(
      '--saved-cases <files...>',
      'run these case files again; new cases follow only with --cases or --time',
      collected,
    )
    .option('--time <duration>', 'how long to run, for example 30s or 5m', duration)
    .option(
      '--jobs <number>',
      'the most cases at once (default: what the machine and the agent sustain)',
      positive,
    )
    .option(
      '--share-agent',
      'in live: cases share a running agent where they can (the default for a kubelet with the memory runtime)',
    )
    .option('--no-share-agent', 'each case has an agent of its own')
    .option('--bail', 'stop at the first finding; in live, at the first that is certain')
    .option('--known-failing <file>', 'requirements that are expected to fail; an unexpected pass fails')
    .option('--report <directory>', 'the report folder (default: conformance-report)')
    .option('--format <formats>', 'text, json, junit, html (several; default: all)', formats)
    .option('--config <file>', 'configuration file (default: conformance.config.ts or .yaml when present)')
    .option('--no-shrink', 'report failing cases as they were found')
    .option('--shrink-time <duration>', 'the longest that one case is shrunk in live (default: 5m)', duration)
    .option('--also-on <runtimes>', 'try failing cases with these runtimes too, in live (several)', runtimes)
    .option('--quiet', 'print only findings and the outcome')
    .option('--verbose', 'print every requirement and more of each failure')
    .addHelpText('after', runExamples)
    .action((parsed: ParsedRun, command: Command) => {
      const { suite, requirement, time, format, config, shrink, shrinkTime, ...rest } = parsed;
      // Commander makes --no-shrink default to true; only what was really said may override the configuration.
      const shrinkSaid = command.getOptionValueSource('shrink') === 'cli';
      const options: RunArguments = {
        ...rest,
        ...(shrinkSaid && shrink !== undefined ? { shrink } : {}),
        ...(suite === undefined ? {} : { suites: suite }),
        ...(requirement === undefined ? {} : { requirements: requirement }),
        ...(time === undefined ? {} : { timeMs: time }),
        ...(shrinkTime === undefined ? {} : { shrinkMs: shrinkTime }),
        ...(format === undefined ? {} : { formats: format }),
      };
      found({ command: 'run', options, ...(config === undefined ? {} : { config }) });
    });
}

function replayCommandLine(found: Found): Command {
  return new Command('replay')
    .description('run a saved case again and compare')
    .argument('<case>', 'path of a case file')
    .option('--agent <agent>', 'another agent than the one that the case names')
    .option('--agent-binary <path>', 'the kubelet to start (default: the one in PATH)')
    .option('--world <world>', 'sim or live', choice(['sim', 'live']))
    .option('--runtime <runtime>', runtimeChoices, runtime)
    .option('--trace <file>', 'write the trace there, one event a line')
    .option('--verbose', 'print the whole trace in words', false)
    .addHelpText('after', replayExamples)
    .action((casePath: string, options: Omit<ReplayOptions, 'casePath'>) =>
      found({ command: 'replay', options: { casePath, ...options } }),
    );
}

const mainExamples = `
Examples:
  conformance run                                  the reference agent, simulated
  conformance run --agent ./my-agent.ts            your agent as a module
  conformance run --agent agent.yaml               your agent as a process
  conformance replay conformance-report/cases/MUX-03-1.json
  conformance explain MUX-03

Exit codes: 0 conforms, 1 does not conform, 2 inconclusive, 64 wrong usage, 69 something needed is not there,
70 a fault of the suite itself.
`;

const runExamples = `
Examples:
  conformance run                                  default campaign against the reference agent
  conformance run --agent mutant:blind-to-uid      see what a failure looks like
  conformance run --agent ./my-agent.ts --time 1m  a module, for one minute
  conformance run --agent agent.yaml --runtime docker --suite termination
  conformance run --agent agent.yaml --runtime cri:unix:///run/containerd/containerd.sock
  conformance run --requirement 'MUX-*,TERM-0?' --seed 7 --cases 5000
  conformance run --agent agent.yaml --known-failing known-failing.txt
  conformance run --agent agent.yaml --saved-cases old-report/cases/*.json
  conformance run --agent kubelet --agent-binary ./kubelet
  conformance run --agent kubelet:standalone,slow-resync
`;

const replayExamples = `
Examples:
  conformance replay conformance-report/cases/MUX-03-1.json
  conformance replay case.json --world live --runtime docker
`;
