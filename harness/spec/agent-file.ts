import { z } from 'zod';
import { planSchema } from './plan.js';
import { sourceKinds } from './pod.js';
import { fastTimings, kubeletTimings, liveTimings, type Timings } from './timings.js';

const template = z.string().max(4_096);

/** Sets of periods that an agent file may name instead of spelling them out. */
export const timingsProfiles = {
  kubelet: kubeletTimings,
  fast: fastTimings,
  live: liveTimings,
} as const satisfies Record<string, Timings>;

/**
 * An agent that is a process: how it is started and what it supports. Command, environment and working
 * directory are templates; {@link agentFilePlaceholders} lists what may stand in double braces.
 */
export const agentFileSchema = z.strictObject({
  name: z.string().min(1).max(100),
  version: z.string().max(100).optional(),
  /** Program and arguments, without a shell. As one string it is split at white space, quotes respected. */
  command: z.union([template.min(1), z.array(template).min(1).max(256)]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), template).optional(),
  /** Relative to the agent file. */
  cwd: template.optional(),
  sources: z.array(z.enum(sourceKinds as unknown as ['file', 'http', 'api', 'feed'])).min(1),
  /** Features left out make requirements not applicable. */
  features: z.array(z.string().regex(/^[a-z][a-z-]{0,63}$/)),
  /** The periods it works with, by the name of a profile, or as differences from the kubelet's. */
  timings: z.union([z.enum(['kubelet', 'fast', 'live']), planSchema.shape.setup.shape.timings]).optional(),
  /** How long it may take until it first calls the runtime. */
  readyTimeoutMs: z.number().int().min(1).max(600_000).optional(),
  /** How long it may take to end after SIGTERM before it gets SIGKILL. */
  stopTimeoutMs: z.number().int().min(1).max(600_000).optional(),
});
export type AgentFile = z.infer<typeof agentFileSchema>;

/** What may stand in double braces in the templates of an agent file, and what it becomes. */
export const agentFilePlaceholders: Readonly<Record<string, string>> = {
  'runtime.endpoint': 'unix:///… address of the CRI server',
  'sources.file.path': 'the manifest directory',
  'sources.http.url': 'the manifest URL',
  'sources.api.kubeconfig': 'path of a kubeconfig file',
  'sources.feed.endpoint': 'unix:///… address of the feed of pod updates',
  'node.name': 'the name of the node',
  'state.directory': 'a directory that survives restarts of the agent within one run',
  'timings.json': 'all periods as one JSON object',
  ...Object.fromEntries(Object.keys(kubeletTimings).map((name) => [`timings.${name}`, `the period ${name}`])),
};

/** The periods that an agent file declares; the kubelet's where it says nothing. */
export function agentFileTimings(file: Pick<AgentFile, 'timings'>): Timings {
  if (typeof file.timings === 'string') return timingsProfiles[file.timings];
  const declared = Object.entries(file.timings ?? {}).filter(([, value]) => value !== undefined);
  return { ...kubeletTimings, ...Object.fromEntries(declared) };
}
