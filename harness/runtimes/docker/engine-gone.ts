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
