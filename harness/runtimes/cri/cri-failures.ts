import { ExitCode, HarnessError } from '../../core/errors.js';
import type { NamespaceOption } from '../../ports/cri.js';

/** Nothing that speaks the CRI answers at the endpoint. */
export function runtimeMissing(endpoint: string, cause: unknown): HarnessError {
  return new HarnessError({
    code: 'runtime-missing',
    message: `No container runtime answers at ${endpoint}.`,
    exitCode: ExitCode.unavailable,
    expected: 'a socket that serves the Container Runtime Interface',
    got: messageOf(cause),
    hint: 'Is the runtime started, is its CRI enabled, and may your user use its socket? `conformance doctor --runtime cri:<endpoint>` looks again. Or use --runtime memory.',
    cause,
  });
}

export function runtimeSpeaksOtherwise(endpoint: string, cause: unknown): HarnessError {
  return new HarnessError({
    code: 'runtime-version',
    message: `What answers at ${endpoint} speaks no version of the CRI that the suite knows.`,
    exitCode: ExitCode.unavailable,
    expected: 'runtime.v1 or runtime.v1alpha2',
    got: messageOf(cause),
    hint: 'Is this the CRI socket of the runtime, and is its CRI plugin enabled? containerd of Docker, for one, has it disabled.',
    cause,
  });
}

/** It answers, and says itself that it cannot run pods now. */
export function runtimeNotReady(endpoint: string, got: string): HarnessError {
  return new HarnessError({
    code: 'runtime-not-ready',
    message: `The container runtime at ${endpoint} is not ready.`,
    exitCode: ExitCode.unavailable,
    expected: 'RuntimeReady and NetworkReady',
    got,
    hint: 'A network that is not ready mostly lacks a CNI configuration or the CNI plugins (Debian, Ubuntu: apt-get install containernetworking-plugins).',
  });
}

/** It cannot run what the suite itself made: nothing that an agent asked for is in it. */
export function runtimeUnable(endpoint: string, cause: unknown, namespaces: NamespaceOption): HarnessError {
  const { network, pid } = namespaces;
  return new HarnessError({
    code: 'runtime-failed',
    message: `The container runtime at ${endpoint} could not run a pod that the suite made to try it.`,
    exitCode: ExitCode.unavailable,
    expected: `a sandbox (network ${network}, processes ${pid}), and a container of the workload image in it`,
    got: messageOf(cause),
    hint: 'Look at the log of the runtime: has it the image of its sandboxes, a network configuration, and room on its disk?',
    cause,
  });
}

/** It runs what the suite itself made, and nothing that the agent asks for. */
export function runtimeRefuses(endpoint: string, got: string, times: number): HarnessError {
  return new HarnessError({
    code: 'runtime-refuses',
    message: `The container runtime at ${endpoint} has run no container for this agent, and refused ${times} times.`,
    exitCode: ExitCode.unavailable,
    expected: 'that it runs what the agent asks for, as it ran a pod that the suite made to try it',
    got,
    hint: 'Nothing can be said about the agent here: it asks for what this runtime, or this machine, does not have. Or use --runtime memory.',
  });
}

/** It answered before and does not any more. */
export function runtimeGone(endpoint: string, cause: unknown): HarnessError {
  return new HarnessError({
    code: 'runtime-gone',
    message: `The container runtime at ${endpoint} went away in the middle of the run.`,
    exitCode: ExitCode.unavailable,
    got: messageOf(cause),
    hint: 'Start it again and repeat the run. Pods that are left are removed by its next start.',
    cause,
  });
}

/** It is there, and does not answer even what costs nothing. */
export function runtimeSilent(endpoint: string, silentMs: number): HarnessError {
  return new HarnessError({
    code: 'runtime-gone',
    message: `The container runtime at ${endpoint} stopped answering in the middle of the run.`,
    exitCode: ExitCode.unavailable,
    expected: 'an answer to Version',
    got: `none for ${silentMs / 1_000} s`,
    hint: 'Look at the log of the runtime: it hangs, or its machine is far too busy. Pods that are left are removed by the next start.',
  });
}

/** The library wraps what the system said in words about its own doings. */
export function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return /Last error: (?:Error: )?(.*?)\. Resolution note/.exec(message)?.[1] ?? message;
}
