import { ExitCode, HarnessError } from '../../core/errors.js';
import { startAgentHost, type AgentHostOptions } from '../../drivers/agent-host.js';
import type { Agent } from '../../ports/agent.js';
import { planSchema } from '../../spec/plan.js';
import { timingsProfiles } from '../../spec/agent-file.js';
import { kubeletTimings, type Timings } from '../../spec/timings.js';
import type { AgentOptions } from '../agent-arguments.js';
import { loadAgent } from '../load-agent.js';

/** `conformance agent`: runs until it is told to end. */
export async function agentCommand(options: AgentOptions): Promise<ExitCode> {
  const timings = timingsOf(options.timings);
  const { createAgent } = await loadAgent(
    options.module !== undefined
      ? { kind: 'module', path: options.module }
      : options.mutant !== undefined
        ? { kind: 'mutant', name: options.mutant }
        : { kind: 'embedded' },
  );
  const agent = await started(options.module, {
    createAgent,
    nodeName: options.nodeName,
    timings,
    runtime: options.runtimeEndpoint,
    file: given(options.manifestDirectory),
    http: given(options.manifestUrl),
    api: given(options.kubeconfig),
    feed: given(options.feedEndpoint),
    log: (line) => {
      if (options.verbose) process.stderr.write(`${new Date().toISOString()} ${line}\n`);
    },
  });
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await agent.stop();
  process.exit(ExitCode.conforms);
}

/** Starts the agent. What a user's module throws then is its own fault, and said to be. */
async function started(module: string | undefined, host: AgentHostOptions): Promise<Agent> {
  try {
    return await startAgentHost(host);
  } catch (error) {
    if (module === undefined || error instanceof HarnessError) throw error;
    throw new HarnessError({
      code: 'agent-module-threw',
      message: 'The agent module threw when it was started.',
      exitCode: ExitCode.unavailable,
      file: module,
      expected: 'createAgent(ports) returns an agent, and its start() begins the work',
      got: error instanceof Error ? (error.stack ?? error.message) : String(error),
      cause: error,
    });
  }
}

/** A source that this run does not have is told as an empty text. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function timingsOf(given: string): Timings {
  if (given in timingsProfiles) return timingsProfiles[given as keyof typeof timingsProfiles];
  try {
    const parsed = planSchema.shape.setup.shape.timings.parse(JSON.parse(given));
    const set = Object.entries(parsed).filter(([, value]) => value !== undefined);
    return { ...kubeletTimings, ...Object.fromEntries(set) };
  } catch (error) {
    throw new HarnessError({
      code: 'timings-malformed',
      message: 'These timings are not known.',
      exitCode: ExitCode.usage,
      path: '--timings',
      expected: `${Object.keys(timingsProfiles).join(', ')}, or a JSON object such as {"relistMs":1000}`,
      got: given.slice(0, 200),
      cause: error,
    });
  }
}
