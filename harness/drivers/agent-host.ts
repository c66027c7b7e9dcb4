import type { Timings } from '../spec/timings.js';
import type { Agent, AgentSources, CreateAgent } from '../ports/agent.js';
import { createApiPort } from './agent-ports/api-port.js';
import { createCriPort } from './agent-ports/cri-port.js';
import { createFeedPort } from './agent-ports/feed-port.js';
import { createFilePort } from './agent-ports/file-port.js';
import { createHttpPort } from './agent-ports/http-port.js';

/** Where an agent module finds its node when it is a process of its own. */
export interface AgentHostOptions {
  readonly createAgent: CreateAgent;
  readonly nodeName: string;
  readonly timings: Timings;
  /** `unix:///…` */
  readonly runtime: string;
  readonly file?: string | undefined;
  readonly http?: string | undefined;
  /** Path of a kubeconfig file. */
  readonly api?: string | undefined;
  readonly feed?: string | undefined;
  readonly log: (line: string) => void;
}

/** Runs an agent module on the machine's clock with real transports. Resolves when it has begun its work. */
export async function startAgentHost(options: AgentHostOptions): Promise<Agent> {
  const sources: AgentSources = {
    ...(options.file === undefined ? {} : { file: createFilePort(options.file) }),
    ...(options.http === undefined ? {} : { http: createHttpPort(options.http) }),
    ...(options.api === undefined ? {} : { api: createApiPort(options.api) }),
    ...(options.feed === undefined ? {} : { feed: createFeedPort(options.feed) }),
  };
  const runtime = createCriPort(options.runtime);
  const agent = options.createAgent({
    nodeName: options.nodeName,
    timings: options.timings,
    clock: {
      now: () => Date.now(),
      after(delayMs, callback) {
        const handle = setTimeout(callback, delayMs);
        return { cancel: () => clearTimeout(handle) };
      },
    },
    random: () => Math.random(),
    runtime,
    sources,
    log: options.log,
  });
  await agent.start();
  return agent;
}
