import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assert, ExitCode, HarnessError } from '../core/errors.js';
import { fastTimings } from '../spec/timings.js';
import { agentFeatures, type AgentFeature, type CreateAgent } from '../ports/agent.js';
import type { AgentProfile } from '../ports/driver.js';
import { sourceKinds, type SourceKind } from '../spec/pod.js';
import { parseKubeletVariant, type KubeletVariant } from '../drivers/kubelet/kubelet-variant.js';

/** An agent as it was asked for; plain data, so that worker threads can be told. */
export type AgentReference =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'mutant'; readonly name: string }
  | { readonly kind: 'module'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'kubelet'; readonly variant: KubeletVariant };

/** One that is no process from the start, so that it can be simulated. */
export type ModuleReference = Exclude<AgentReference, { kind: 'file' | 'kubelet' }>;

/** An agent that runs inside the process, and what it says of itself. */
export interface LoadedAgent {
  readonly createAgent: CreateAgent;
  readonly profile: AgentProfile;
  /** It may use the global timers and clock, which are then virtual in sim. */
  readonly usesGlobals: boolean;
}

/**
 * What `--agent` means: nothing or `reference`, `mutant:<name>`, `kubelet`, a module (.ts, .js, .mjs), an agent file
 * (.yaml).
 */
export function parseAgentReference(given: string | undefined): AgentReference {
  if (given === undefined || given === 'reference') return { kind: 'embedded' };
  if (given.startsWith('mutant:')) return { kind: 'mutant', name: given.slice('mutant:'.length) };
  const variant = parseKubeletVariant(given);
  if (variant !== undefined) return { kind: 'kubelet', variant };
  const path = resolve(given);
  if (!existsSync(path)) {
    throw new HarnessError({
      code: 'agent-missing',
      message: `There is no agent at ${given}.`,
      exitCode: ExitCode.usage,
      file: given,
      expected: '`reference`, `mutant:<name>`, `kubelet`, a module (.ts, .js, .mjs) or an agent file (.yaml)',
      got: 'a path that does not exist',
      hint: '`conformance list mutants` names the broken agents; docs/WRITING-AN-AGENT.md shows an agent file.',
    });
  }
  return { kind: /\.(ya?ml|json)$/i.test(path) ? 'file' : 'module', path };
}

/** What is resolved for sim is never a process. */
export function assertModule(reference: AgentReference): asserts reference is ModuleReference {
  assert(!isProcess(reference), 'an agent that is a process is not simulated');
}

/** Whether the agent is a program that somebody else made, whatever it is given by. */
export function isProcess(reference: AgentReference): reference is Exclude<AgentReference, ModuleReference> {
  return reference.kind === 'file' || reference.kind === 'kubelet';
}

/** Loads an agent that runs inside the process. */
export async function loadAgent(reference: ModuleReference): Promise<LoadedAgent> {
  switch (reference.kind) {
    case 'embedded': {
      const { createReferenceAgent, referenceFeatures } =
        await import('../../fakes/agent/reference-agent.js');
      return {
        createAgent: (ports) => createReferenceAgent(ports),
        profile: embeddedProfile('reference', referenceFeatures),
        usesGlobals: false,
      };
    }
    case 'mutant': {
      const { createReferenceAgent, referenceFeatures } =
        await import('../../fakes/agent/reference-agent.js');
      const { mutants } = await import('../../fakes/mutants/index.js');
      const mutant = mutants.find((candidate) => candidate.name === reference.name);
      if (mutant === undefined) {
        throw new HarnessError({
          code: 'mutant-unknown',
          message: `There is no mutant called ${reference.name}.`,
          exitCode: ExitCode.usage,
          expected: 'a name that `conformance list mutants` prints',
          got: reference.name,
        });
      }
      return {
        createAgent: (ports) => createReferenceAgent(ports, mutant.decisions),
        profile: embeddedProfile(`mutant:${mutant.name}`, referenceFeatures),
        usesGlobals: false,
      };
    }
    case 'module':
      return loadModule(reference.path);
  }
}

function embeddedProfile(name: string, features: readonly AgentFeature[]): AgentProfile {
  return { name, sources: sourceKinds, features, timings: fastTimings };
}

interface AgentModule {
  readonly createAgent?: unknown;
  readonly name?: unknown;
  readonly sources?: unknown;
  readonly features?: unknown;
}

/** Whether a module is an agent, and not an agent file that exports a description. */
export async function isAgentModule(path: string): Promise<boolean> {
  const loaded = await importUserModule<
    AgentModule & { readonly agent?: unknown; readonly default?: unknown }
  >(path, 'agent module');
  if (typeof loaded.createAgent === 'function') return true;
  const described = loaded.agent ?? loaded.default;
  return !isDescription(described) && !isDescription((described as AgentFileModule | undefined)?.default);
}

interface AgentFileModule {
  readonly default?: unknown;
}

/** Of all that an agent file says, only the command cannot be left out, and no agent module has one. */
function isDescription(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'command' in value;
}

async function loadModule(path: string): Promise<LoadedAgent> {
  const loaded = await importUserModule<AgentModule>(path, 'agent module');
  if (typeof loaded.createAgent !== 'function') {
    throw new HarnessError({
      code: 'agent-module-malformed',
      message: 'The agent module does not export createAgent.',
      exitCode: ExitCode.usage,
      file: path,
      expected: 'export function createAgent(ports: AgentPorts): Agent',
      got: `exports ${exportedNames(loaded).join(', ') || 'nothing'}`,
      hint: 'It may also export `sources` and `features`, or be an agent file with a `command`; docs/WRITING-AN-AGENT.md has examples.',
    });
  }
  const sources = checkedList<SourceKind>(loaded.sources, sourceKinds, { path, name: 'sources' });
  const features = checkedList<AgentFeature>(loaded.features, agentFeatures, { path, name: 'features' });
  const name = typeof loaded.name === 'string' ? loaded.name : (path.split('/').at(-1) ?? path);
  return {
    createAgent: loaded.createAgent as CreateAgent,
    profile: { name, sources, features, timings: fastTimings },
    usesGlobals: true,
  };
}

/** Without the names that loading as CommonJS adds. */
function exportedNames(loaded: object): string[] {
  return Object.keys(loaded).filter((name) => name !== 'module.exports' && name !== 'default');
}

function checkedList<Name extends string>(
  value: unknown,
  allowed: readonly Name[],
  where: { path: string; name: string },
): readonly Name[] {
  if (value === undefined) return allowed;
  const wrong = Array.isArray(value) ? value.find((entry) => !allowed.includes(entry as Name)) : value;
  if (wrong === undefined) return value as Name[];
  throw new HarnessError({
    code: 'agent-module-malformed',
    message: `The agent module's ${where.name} are not what the suite knows.`,
    exitCode: ExitCode.usage,
    file: where.path,
    path: where.name,
    expected: `an array of: ${allowed.join(', ')}`,
    got: JSON.stringify(wrong) ?? String(wrong),
  });
}

/** A module that takes longer waits for something that never comes. */
const importTimeoutMs = 20_000;

/** Imports a user's file; TypeScript goes through tsx. `what` it is goes into messages. */
export async function importUserModule<Module>(path: string, what: string): Promise<Module> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const late = new Error(`its top level did not end within ${importTimeoutMs / 1_000} s`);
    timer = setTimeout(() => reject(late), importTimeoutMs);
  });
  try {
    return await Promise.race([importModule<Module>(path), timeout]);
  } catch (error) {
    const isTypeScript = /\.[cm]?tsx?$/.test(path);
    throw new HarnessError({
      code: 'module-failed',
      message: `The ${what} could not be loaded.`,
      exitCode: ExitCode.usage,
      file: path,
      expected: 'a module that can be imported',
      got: error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`,
      hint: `\`${isTypeScript ? 'npx tsx' : 'node'} ${path}\` shows where.`,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function importModule<Module>(path: string): Promise<Module> {
  const { href } = pathToFileURL(path);
  if (!/\.[cm]?tsx?$/.test(path)) return (await import(href)) as Module;
  const { tsImport } = await import('tsx/esm/api');
  return (await tsImport(href, import.meta.url)) as Module;
}
