import type { HarnessError } from '../../core/errors.js';
import type { NamespaceOption, PodSandboxConfig } from '../../ports/cri.js';
import { runtimeRefuses } from './cri-failures.js';
import { namespacesOf, tryPod, type TrialRuntime } from './try-pod.js';

/** Finds out whose doing it is that a runtime refuses to run a pod. */
export interface RefusalWatch {
  /** A container of an agent runs. */
  noteRun(): void;
  /** Why no agent could be tested with this runtime, if that is so. `sandbox`: the one that the refused call is about. */
  examine(message: string, sandbox: PodSandboxConfig | undefined): Promise<HarnessError | undefined>;
}

/** Without any container that runs; agents that are stopped in the middle are refused some for good reasons. */
const refusalsMax = 10;

export function createRefusalWatch(target: TrialRuntime): RefusalWatch {
  let haveRun = false;
  let refusals = 0;
  /** By namespaces. */
  const trials = new Map<string, () => Promise<void>>();

  function tried(namespaces: NamespaceOption | undefined): Promise<void> {
    const key = JSON.stringify(namespaces);
    const known = trials.get(key) ?? sharedAttempts(() => tryPod(target, namespaces));
    trials.set(key, known);
    return known();
  }

  return {
    noteRun() {
      haveRun = true;
    },
    async examine(message, sandbox) {
      try {
        await tried(namespacesOf(sandbox));
      } catch (error) {
        return error as HarnessError;
      }
      if (haveRun || ++refusals < refusalsMax) return undefined;
      return runtimeRefuses(target.runtime.endpoint, message, refusals);
    },
  };
}

/**
 * One attempt at a time, however many ask for one. Each is told of an attempt that began after it had asked: an earlier
 * one says nothing of what is so now.
 */
export function sharedAttempts(attempt: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let following: Promise<void> | undefined;

  function begin(): Promise<void> {
    following = undefined;
    current = attempt().finally(() => (current = undefined));
    return current;
  }

  return () => {
    if (following === undefined && current === undefined) return begin();
    following ??= current!.then(begin, begin);
    return following;
  };
}
