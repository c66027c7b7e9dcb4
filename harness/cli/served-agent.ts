import { resolve } from 'node:path';
import { shellWord } from '../core/shell-word.js';
import { findKubelet } from '../drivers/kubelet/find-kubelet.js';
import { freeAddress } from '../drivers/kubelet/free-address.js';
import { kubeletProfile } from '../drivers/kubelet/kubelet-profile.js';
import { parseKubeletVariant, type KubeletVariant } from '../drivers/kubelet/kubelet-variant.js';
import { prepareKubelet } from '../drivers/kubelet/prepare-kubelet.js';
import { filledStart, type ProcessDriverOptions } from '../drivers/process-driver.js';
import type { AgentEndpoints, AgentProfile } from '../ports/driver.js';
import { loadAgentFile } from './load-input.js';
import { checkBinary, processOfFile } from './target.js';

/** An agent that somebody else starts. */
export interface ServedAgent {
  readonly profile: AgentProfile;
  /** Whose command it is, as the beginning of a sentence. */
  readonly introduction: string;
  /** Where it will answer for its pods, if that is known. */
  readonly address?: string;
  /** What a shell is to be told to start the agent as the harness would; makes the files that it needs. */
  startLine(endpoints: AgentEndpoints): string;
}

/** The agent of `serve`; undefined when nothing is known of it. */
export async function servedAgentOf(asked: {
  readonly agent?: string | undefined;
  readonly agentBinary?: string | undefined;
}): Promise<ServedAgent | undefined> {
  const { agent } = asked;
  const variant = agent === undefined ? undefined : parseKubeletVariant(agent);
  if (variant !== undefined) return servedKubelet(asked.agentBinary ?? 'kubelet', variant);
  checkBinary('file', asked);
  if (agent === undefined) return undefined;
  const options = processOfFile(agent, await loadAgentFile(agent));
  return {
    profile: options.profile,
    introduction: `As ${agent} says:`,
    startLine: (endpoints) => shellLine(options, endpoints),
  };
}

async function servedKubelet(binary: string, variant: KubeletVariant): Promise<ServedAgent> {
  // The shell that starts it may be in another directory.
  const kubelet = findKubelet(binary.includes('/') ? resolve(binary) : binary);
  const profile = kubeletProfile(kubelet.version, variant);
  // Only who reaches it through the API server can ask it for anything.
  const serveAt = profile.sources.includes('api') ? await freeAddress() : undefined;
  return {
    profile,
    introduction: 'As root, from any directory:',
    ...(serveAt === undefined ? {} : { address: `${serveAt.address}:${serveAt.port}` }),
    startLine: (endpoints) =>
      shellLine({ profile, command: prepareKubelet(kubelet, endpoints, serveAt) }, endpoints),
  };
}

function shellLine(options: ProcessDriverOptions, endpoints: AgentEndpoints): string {
  const { command, env } = filledStart(options, endpoints);
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`);
  const { workingDirectory } = options;
  const cd = workingDirectory === undefined ? '' : `cd ${shellWord(workingDirectory)} && `;
  return `${cd}${[...assignments, ...command.map(shellWord)].join(' ')}`;
}
