import type { ActualPod } from '../model/actual-pod.js';
import type { ModelView } from '../model/model-view.js';
import type { CriMethod } from '../spec/plan.js';
import type { RuntimeRequest, Stamp, TraceEvent } from '../trace/events.js';

const readMethods: readonly CriMethod[] = ['ContainerStatus', 'PodSandboxStatus'];

/** An answer that took longer, in milliseconds, holds up who waits for it. */
const slowReadMs = 500;

/** Questions about single sandboxes and containers that the runtime answers late. */
export interface OpenReads {
  note(event: TraceEvent): void;
  /** Whether an agent that looks at this pod before it acts is waiting for the answer. */
  isOpenFor(pod: ActualPod): boolean;
  /** Until when such an agent was kept from acting: now, while it waits; 0: never. */
  heldUpUntilMs(pod: ActualPod): number;
}

export function createOpenReads(model: ModelView): OpenReads {
  const { callDeadlineMs } = model.run.timings;
  const open = new Map<number, RuntimeRequest & Stamp>();
  const slowAnswers = new Map<string, number>();
  const isOpenFor = ({ uid }: ActualPod): boolean => {
    for (const { podUid, incarnation, t } of open.values()) {
      // Nobody waits for an answer longer than the deadline of the call.
      const isAwaited = incarnation === model.incarnation && model.t - t <= callDeadlineMs;
      if (isAwaited && podUid === uid) return true;
    }
    return false;
  };
  return {
    note(event) {
      if (event.kind === 'runtime.request') {
        if (readMethods.includes(event.method)) open.set(event.call, event);
      } else if (event.kind === 'runtime.reply' && open.size > 0) {
        const asked = open.get(event.call);
        if (asked === undefined) return;
        open.delete(event.call);
        if (asked.podUid !== undefined && event.t - asked.t > slowReadMs)
          slowAnswers.set(asked.podUid, event.t);
      }
    },
    isOpenFor,
    heldUpUntilMs: (pod) => (isOpenFor(pod) ? model.t : (slowAnswers.get(pod.uid) ?? 0)),
  };
}
