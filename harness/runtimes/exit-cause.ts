import type { ContainerStatus } from '../ports/cri.js';
import type { Workload } from '../spec/plan.js';
import type { ChangeCause } from '../trace/events.js';

/** Exit code of a container that was killed. */
export const killedExitCode = 137;
/** Exit code of a container that obeyed SIGTERM. */
const terminatedExitCode = 143;

/** What is known of a container that has ended. */
interface EndedContainer {
  readonly workload: Workload;
  readonly status: ContainerStatus;
  /** The end was ordered through the workload: with whatever code, it is the workload's own. */
  readonly exitOrdered: boolean;
  /** Who ordered its end by a signal. */
  readonly endOrderedBy: ChangeCause | undefined;
}

/** Whether this is an end of the workload's own is told by nobody, only its code and what was ordered. */
export function exitCause(container: EndedContainer): ChangeCause {
  const { exitCode, startedAt, finishedAt, reason } = container.status;
  if (container.exitOrdered || reason === 'OOMKilled') return 'workload';
  const bySignal = exitCode === killedExitCode || exitCode === terminatedExitCode;
  if (!bySignal) return reason === 'StartError' ? 'agent' : 'workload';
  const { runMs, exitCode: ownCode = 0 } = container.workload;
  // Clocks of 10 ms on the one side, so a little less than runMs is enough.
  const ownTime = runMs !== undefined && (finishedAt - startedAt) / 1e6 >= runMs - 20;
  if (ownTime && ownCode === exitCode) return 'workload';
  return container.endOrderedBy ?? 'outside';
}
