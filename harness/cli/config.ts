import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ExitCode, HarnessError } from '../core/errors.js';
import { isRuntimeChoice, runtimeChoices } from '../spec/runtime-choice.js';
import { parseDuration, reportFormats } from './argument-values.js';
import type { RunArguments, RunOptions } from './arguments.js';
import { importUserModule } from './load-agent.js';
import { defaultExport, readDocument, validate } from './load-input.js';

const names = z.union([z.string().min(1), z.array(z.string().min(1))]);

const runtime = z.string().refine(isRuntimeChoice, runtimeChoices);
const duration = z.union([
  z.number().positive(),
  z.string().refine((text) => parseDuration(text) !== undefined, 'a duration such as 30s or 5m'),
]);

/** `conformance.config.{ts,yaml,…}`: the options of `run` under the names of the command line. */
const configSchema = z.strictObject({
  agent: z.string().min(1).optional(),
  agentBinary: z.string().min(1).optional(),
  world: z.enum(['sim', 'live']).optional(),
  runtime: runtime.optional(),
  suite: names.optional(),
  requirement: names.optional(),
  seed: z.union([z.string().min(1), z.number()]).optional(),
  cases: z.number().int().min(1).optional(),
  savedCases: names.optional(),
  /** `30s`, `5m`, or seconds as a number. */
  time: duration.optional(),
  jobs: z.number().int().min(1).optional(),
  bail: z.boolean().optional(),
  knownFailing: z.string().min(1).optional(),
  report: z.string().min(1).optional(),
  format: z.union([z.enum(reportFormats), z.array(z.enum(reportFormats)).min(1)]).optional(),
  shrink: z.boolean().optional(),
  shrinkTime: duration.optional(),
  shareAgent: z.boolean().optional(),
  alsoOn: z.union([runtime, z.array(runtime).min(1)]).optional(),
  quiet: z.boolean().optional(),
  verbose: z.boolean().optional(),
});
/** What a configuration file may hold, for those who write it in TypeScript. */
export type Config = z.input<typeof configSchema>;

const configNames = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map(
  (ending) => `conformance.config.${ending}`,
);
const configKind = {
  what: 'configuration file',
  code: 'config',
  hint: 'It sets the same names as the command line: `conformance run --help` lists them.',
};

/** The options of `run`: the command line wins over the configuration file, and that over the defaults. */
export async function resolveRunOptions(
  said: RunArguments,
  where: { readonly directory: string; readonly config?: string },
): Promise<RunOptions> {
  const path =
    where.config === undefined
      ? configNames.map((name) => resolve(where.directory, name)).find((candidate) => existsSync(candidate))
      : resolve(where.directory, where.config);
  const configured = path === undefined ? {} : await loadConfig(path);
  return withDefaults({ ...configured, ...withoutUndefined(said) });
}

/** What was said, with the defaults for the rest. */
export function withDefaults(merged: RunArguments): RunOptions {
  return {
    ...merged,
    agent: merged.agent ?? 'reference',
    runtime: merged.runtime ?? 'memory',
    suites: merged.suites ?? [],
    requirements: merged.requirements ?? [],
    bail: merged.bail ?? false,
    report: merged.report ?? 'conformance-report',
    formats: merged.formats ?? reportFormats,
    shrink: merged.shrink ?? true,
    quiet: merged.quiet ?? false,
    verbose: merged.verbose ?? false,
  };
}

async function loadConfig(path: string): Promise<RunArguments> {
  const isModule = /\.[cm]?[jt]s$/.test(path) && existsSync(path);
  const value = isModule
    ? exportedConfig(path, defaultExport(await importUserModule(path, configKind.what)))
    : (readDocument(path, configKind) ?? {});
  const config = validate(configSchema, value, configKind, path);
  const { suite, requirement, seed, time, format, agent, agentBinary, knownFailing, report, ...others } =
    config;
  const { shrinkTime, alsoOn, savedCases, ...rest } = others;
  // Paths in the file are relative to the file, wherever the command is run.
  const beside = (text: string): string => resolve(dirname(path), text);
  return withoutUndefined({
    ...rest,
    agent:
      agent === undefined || agent === 'reference' || /^(mutant:|kubelet(:|$))/.test(agent)
        ? agent
        : beside(agent),
    // A name without a slash is looked up in PATH.
    agentBinary: agentBinary?.includes('/') === true ? beside(agentBinary) : agentBinary,
    knownFailing: knownFailing === undefined ? undefined : beside(knownFailing),
    report: report === undefined ? undefined : beside(report),
    savedCases: listOf(savedCases)?.map(beside),
    suites: listOf(suite),
    requirements: listOf(requirement),
    seed: seed === undefined ? undefined : String(seed),
    timeMs: milliseconds(time),
    shrinkMs: milliseconds(shrinkTime),
    alsoOn: listOf(alsoOn),
    formats: listOf(format),
  });
}

/** Of a duration in words, or in seconds. */
function milliseconds(time: string | number | undefined): number | undefined {
  return typeof time === 'number' ? time * 1_000 : time === undefined ? undefined : parseDuration(time);
}

function exportedConfig(path: string, value: unknown): unknown {
  if (value !== undefined) return value;
  throw new HarnessError({
    code: 'config-malformed',
    message: 'The configuration file exports nothing by default.',
    exitCode: ExitCode.usage,
    file: path,
    expected: 'export default { cases: 100 }',
    got: 'no default export',
    hint: configKind.hint,
  });
}

function listOf<Value>(value: Value | readonly Value[] | undefined): readonly Value[] | undefined {
  return value === undefined || Array.isArray(value) ? (value as undefined) : [value as Value];
}

function withoutUndefined<Value extends object>(value: {
  readonly [Key in keyof Value]: Value[Key] | undefined;
}): Value {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Value;
}
