import type { ActualPod } from '../model/actual-pods.js';
import type { CriMethod } from '../spec/plan.js';
import type { RuntimeRequest, Stamp, TraceEvent } from '../trace/events.js';
import type { OracleContext } from './oracle.js';

/** The calls that {@link OpenReads} are about: an oracle that keeps them must be handed their requests and replies. */
export const readMethods: readonly CriMethod[] = ['ContainerStatus', 'PodSandboxStatus'];

/** An answer that took longer, in milliseconds, holds up who waits for it. */
const slowReadMs = 500;

/** Questions about single sandboxes and containers that the runtime answers late. */
export interface OpenReads {
  note(event: TraceEvent): void;
  /** Until when an agent that looks at this pod before it acts was kept from it: now, while it waits; 0: never. */
  heldUpUntilMs(pod: ActualPod): number;
}

export function createOpenReads({ model, run }: OracleContext): OpenReads {
  const open = new Map<number, RuntimeRequest & Stamp>();
  const slowAnswers = new Map<string, number>();
  return {
    note(event) {
      if (event.kind === 'runtime.reply') {
        const asked = open.get(event.call);
        open.delete(event.call);
        if (asked?.podUid !== undefined && event.t - asked.t > slowReadMs)
          slowAnswers.set(asked.podUid, event.t);
      } else if (event.kind === 'runtime.request' && readMethods.includes(event.method)) {
        open.set(event.call, event);
      }
    },
    heldUpUntilMs({ uid }) {
      for (const { podUid, incarnation, t } of open.values()) {
        // Nobody waits for an answer longer than the deadline of the call.
        const isAwaited = incarnation === model.incarnation && model.t - t <= run.timings.callDeadlineMs;
        if (isAwaited && podUid === uid) return model.t;
      }
      return slowAnswers.get(uid) ?? 0;
    },
  };
}
