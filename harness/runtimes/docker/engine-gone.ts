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

/** Docker answers, and cannot run what the suite itself made: nothing that an agent asked for is in it. */
export function engineUnable(cause: unknown): HarnessError {
  return new HarnessError({
    code: 'docker-failed',
    message: 'Docker could not start the container that stands for a sandbox.',
    exitCode: ExitCode.unavailable,
    expected: 'an engine that can run the workload image in its bridge network',
    got: engineMessage(cause),
    hint: 'Look at the log of the engine: is its bridge network there, and room on its disk?',
    cause,
  });
}
