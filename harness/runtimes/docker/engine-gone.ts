import { ExitCode, HarnessError } from '../../core/errors.js';
import { engineMessage } from './docker-engine.js';

/** Docker answered before and does not any more. */
export function engineGone(cause: unknown): HarnessError {
  return new HarnessError({
    code: 'docker-gone',
    message: 'Docker went away in the middle of the run.',
    exitCode: ExitCode.unavailable,
    got: cause === undefined ? undefined : engineMessage(cause),
    hint: 'Start Docker again and repeat the run. Containers that are left are removed by its next start.',
    cause,
  });
}

/** Docker is there, and does not answer even what costs nothing. */
export function engineSilent(silentMs: number): HarnessError {
  return new HarnessError({
    code: 'docker-gone',
    message: 'Docker stopped answering in the middle of the run.',
    exitCode: ExitCode.unavailable,
    expected: 'an answer to a ping',
    got: `none for ${silentMs / 1_000} s`,
    hint: 'Look at the log of the engine: it hangs, or its machine is far too busy. Containers that are left are removed by the next start.',
  });
}

/** Docker answers, and cannot run what the suite itself made: nothing that an agent asked for is in it. */
export function engineUnable(cause: unknown): HarnessError {
  return new HarnessError({
    code: 'docker-failed',
    message: 'Docker could not run a pod that the suite made to try it.',
    exitCode: ExitCode.unavailable,
    expected: 'a container in the bridge network, and one of the workload image that shares it',
    got: engineMessage(cause),
    hint: 'Look at the log of the engine: are its bridge network and the workload image there, and room on its disk?',
    cause,
  });
}
