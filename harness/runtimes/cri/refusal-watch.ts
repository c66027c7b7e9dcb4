import type { HarnessError } from '../../core/errors.js';
import type { PodSandboxConfig } from '../../ports/cri.js';
import { runtimeRefuses } from './cri-failures.js';
import { namespacesOf, tryPod, type PreparedRuntime } from './prepare-runtime.js';

/** Finds out whose doing it is that a runtime refuses to run a pod. */
export interface RefusalWatch {
  /** A container of the agent runs. */
  noteRun(): void;
  /** Why no agent could be tested with this runtime, if that is so. `sandbox`: the one that the refused call is about. */
  examine(message: string, sandbox: PodSandboxConfig | undefined): Promise<HarnessError | undefined>;
}

/** An agent that is refused calls it again at once: what was tried so short a time ago need not be tried again. */
const trialLastsMs = 5_000;
/** Without any container that runs; agents that are stopped in the middle are refused some for good reasons. */
const refusalsMax = 10;

/** @param now in milliseconds */
export function createRefusalWatch(prepared: PreparedRuntime, now = () => performance.now()): RefusalWatch {
  const { runtime, agents } = prepared;
  /** By namespaces. */
  const trials = new Map<string, { readonly startedMs: number; readonly outcome: Promise<void> }>();

  function tried(sandbox: PodSandboxConfig | undefined): Promise<void> {
    const namespaces = namespacesOf(sandbox);
    const key = JSON.stringify(namespaces);
    const last = trials.get(key);
    if (last !== undefined && now() - last.startedMs < trialLastsMs) return last.outcome;
    const outcome = tryPod(prepared, namespaces);
    trials.set(key, { startedMs: now(), outcome });
    return outcome;
  }

  return {
    noteRun() {
      agents.haveRun = true;
    },
    async examine(message, sandbox) {
      try {
        await tried(sandbox);
      } catch (error) {
        return error as HarnessError;
      }
      if (!agents.haveRun) agents.refusals++;
      return !agents.haveRun && agents.refusals >= refusalsMax
        ? runtimeRefuses(runtime.endpoint, message, refusalsMax)
        : undefined;
    },
  };
}
