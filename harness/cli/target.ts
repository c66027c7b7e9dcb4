import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExitCode, HarnessError } from '../core/errors.js';
import type { AgentFeature } from '../ports/agent.js';
import type { AgentDriver, AgentProfile } from '../ports/driver.js';
import { findKubelet } from '../drivers/kubelet/find-kubelet.js';
import { createKubeletDriver, kubeletReadyTimeoutMs } from '../drivers/kubelet/kubelet-driver.js';
import { createProcessDriver, type ProcessDriverOptions } from '../drivers/process-driver.js';
import { splitCommand } from '../drivers/templates.js';
import { agentFileTimings, type AgentFile } from '../spec/agent-file.js';
import { loadAgentFile } from './load-input.js';
import {
  isAgentModule,
  isProcess,
  loadAgent,
  parseAgentReference,
  type AgentReference,
  type ModuleReference,
} from './load-agent.js';

/** What a command runs against. */
export interface Target {
  /** As it was given on the command line. */
  readonly given: string;
  readonly reference: AgentReference;
  readonly world: 'sim' | 'live';
  readonly runtime: string;
  readonly profile: AgentProfile;
  /** Live only. */
  readonly driver: AgentDriver | undefined;
  readonly readyTimeoutMs: number | undefined;
}

/** Works out the agent and the world it runs in; refuses what does not fit together. */
export async function resolveTarget(asked: {
  agent: string;
  agentBinary?: string | undefined;
  world?: 'sim' | 'live' | undefined;
  runtime: string;
}): Promise<Target> {
  const reference = await referenceOf(asked.agent);
  const world = asked.world ?? (isProcess(reference) || asked.runtime !== 'memory' ? 'live' : 'sim');
  if (world === 'sim' && (isProcess(reference) || asked.runtime !== 'memory')) {
    throw new HarnessError({
      code: 'world-impossible',
      message: 'This cannot be simulated.',
      exitCode: ExitCode.usage,
      expected: 'an agent module and the memory runtime for --world sim',
      got: isProcess(reference) ? 'an agent that is a process' : `--runtime ${asked.runtime}`,
      hint: 'Leave --world out, or say --world live.',
    });
  }
  checkBinary(reference.kind, asked);
  const shared = { given: asked.agent, reference, world, runtime: asked.runtime };
  if (reference.kind === 'file') {
    const file = await loadAgentFile(reference.path);
    const driver = createProcessDriver(processOfFile(reference.path, file));
    return { ...shared, profile: driver.profile, driver, readyTimeoutMs: file.readyTimeoutMs };
  }
  if (reference.kind === 'kubelet') {
    const driver = createKubeletDriver(findKubelet(asked.agentBinary ?? 'kubelet'), reference.variant);
    return { ...shared, profile: driver.profile, driver, readyTimeoutMs: kubeletReadyTimeoutMs };
  }
  const { profile } = await loadAgent(reference);
  const driver = world === 'live' ? hostDriver(reference, profile) : undefined;
  return { ...shared, profile, driver, readyTimeoutMs: undefined };
}

/** Throws a HarnessError (exit code 64) when a program is named for an agent that names its own. */
export function checkBinary(
  kind: AgentReference['kind'],
  asked: { readonly agent?: string | undefined; readonly agentBinary?: string | undefined },
): void {
  if (asked.agentBinary === undefined || kind === 'kubelet') return;
  throw new HarnessError({
    code: 'usage',
    message: 'Only --agent kubelet takes --agent-binary.',
    exitCode: ExitCode.usage,
    path: '--agent-binary',
    expected: '--agent kubelet',
    got: asked.agent === undefined ? 'no --agent' : `--agent ${asked.agent}`,
    hint: 'An agent file names its program itself, in its command.',
  });
}

/** A TypeScript file may be an agent itself, or an agent file that says how to start one. */
async function referenceOf(given: string): Promise<AgentReference> {
  const reference = parseAgentReference(given);
  if (reference.kind !== 'module' || (await isAgentModule(reference.path))) return reference;
  return { kind: 'file', path: reference.path };
}

/** How the agent of this file is started, and what is to be expected of it. */
export function processOfFile(path: string, file: AgentFile): ProcessDriverOptions {
  return {
    profile: {
      name: file.name,
      ...(file.version === undefined ? {} : { version: file.version }),
      sources: file.sources,
      features: file.features as AgentFeature[],
      timings: agentFileTimings(file),
    },
    command: typeof file.command === 'string' ? splitCommand(file.command) : file.command,
    ...(file.env === undefined ? {} : { env: file.env }),
    workingDirectory: resolve(dirname(path), file.cwd ?? '.'),
    file: path,
    ...(file.stopTimeoutMs === undefined ? {} : { stopTimeoutMs: file.stopTimeoutMs }),
  };
}

/** Runs an agent module as a process of its own: this command's `agent`. */
function hostDriver(reference: ModuleReference, profile: AgentProfile): AgentDriver {
  const here = import.meta.url;
  const isSource = here.endsWith('.ts');
  const main = fileURLToPath(new URL(isSource ? './main.ts' : './main.js', here));
  const which =
    reference.kind === 'mutant'
      ? ['--mutant', reference.name]
      : reference.kind === 'module'
        ? ['--module', reference.path]
        : [];
  const option = (name: string, value: string, present: boolean): string[] => (present ? [name, value] : []);
  const driver = createProcessDriver({
    profile,
    command: [
      process.execPath,
      ...(isSource ? ['--import', import.meta.resolve('tsx')] : []),
      main,
      'agent',
      '--runtime-endpoint={{runtime.endpoint}}',
      '--node-name={{node.name}}',
      '--state-directory={{state.directory}}',
      ...option('--manifest-directory', '{{sources.file.path}}', profile.sources.includes('file')),
      ...option('--manifest-url', '{{sources.http.url}}', profile.sources.includes('http')),
      ...option('--kubeconfig', '{{sources.api.kubeconfig}}', profile.sources.includes('api')),
      ...option('--feed-endpoint', '{{sources.feed.endpoint}}', profile.sources.includes('feed')),
      '--timings={{timings.json}}',
      ...which,
    ],
  });
  return { ...driver, takesAnySources: true };
}
