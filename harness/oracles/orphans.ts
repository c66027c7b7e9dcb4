import type { ActualPod } from '../model/actual-pod.js';
import { standingOf } from '../model/standing.js';
import { oracleBounds } from './bounds.js';
import type { Deadlines } from './deadlines.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject, seconds } from './words.js';

/** What nobody wants any more is stopped, and then removed. */
export const orphans: Oracle = {
  name: 'orphans',
  requirements: ['ORPH-01', 'ORPH-02', 'GC-01'],
  kinds: ['source.served', 'runtime.reply', 'sandbox', 'container'],
  methods: ['ListContainers', 'ListPodSandbox'],
  begin(context) {
    const { model, ledger, run } = context;
    const bounds = oracleBounds(run, context.bounds);
    const { deadlines } = context;
    const collects = run.features.includes('garbage-collection');
    const cleans = run.features.includes('orphan-cleanup');
    const awaited = new Set<ActualPod>();
    let orphansOf = 0;
    let isSettled = false;
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'source.served':
            if (!cleans || !model.desired.allReady() || orphansOf === model.incarnation) return;
            orphansOf = model.incarnation;
            armOrphans(context, bounds.orphanMs, deadlines);
            return;
          case 'runtime.reply':
            if (event.code !== 'OK' && model.actual.pods.size > 0) ledger.exercised('ORPH-02');
            return;
          case 'sandbox':
          case 'container': {
            const pod = model.actual.pods.get(event.podUid)!;
            if (awaited.has(pod)) {
              const isGone = pod.sandboxes.size + pod.containers.size === 0;
              if (isGone && event.cause === 'agent' && standingOf(model, pod).is !== 'wanted')
                ledger.exercised('GC-01');
            } else if (collects && pod.stoppedAtMs >= 0) {
              awaited.add(pod);
              armGarbage(context, bounds.garbageMs, deadlines, awaited, pod);
            }
            return;
          }
        }
      },
      atRest(settled) {
        isSettled = settled;
      },
      // Where periods are brief, a run is over before the bound: but its rest was longer than any period.
      end(complete) {
        if (!complete || !isSettled) return;
        for (const pod of awaited) {
          // What the runtime refused is tried again with the next collection.
          const sinceMs = Math.max(residueSinceMs(model, pod), pod.failedAtMs);
          const isOverdue = model.t - sinceMs >= bounds.garbagePeriodsMs;
          if (isResidue(model, pod) && isOverdue) reportResidue(context, pod);
        }
      },
    };
  },
};

function armOrphans({ model, ledger, reads }: OracleContext, boundMs: number, deadlines: Deadlines): void {
  const { incarnation, t } = model;
  for (const pod of model.actual.pods.values()) {
    if (pod.runningCount === 0 || !isOrphan(model, pod)) continue;
    ledger.exercised('ORPH-01');
    deadlines.arm({
      boundMs,
      // A decision about orphans needs a listing that is newer than what is wanted.
      sinceMs: () => Math.max(model.wantedChangedAtMs, reads.heldUpUntilMs(pod)),
      open: () =>
        model.incarnation === incarnation &&
        pod.runningCount > 0 &&
        pod.pendingCalls === 0 &&
        pod.lastCallSeq < model.agentStartedSeq &&
        model.desired.allReady() &&
        isOrphan(model, pod),
      missed: () =>
        ledger.report({
          requirement: 'ORPH-01',
          subject: podSubject(model, pod),
          expected: `Pod ${pod.fullName} was left by an earlier life of the agent and is in no source, so it is stopped.`,
          seen: `It was running ${seconds(model.t - t)} after all sources were ready.`,
          events: [pod.firstSeq, model.agentStartedSeq],
        }),
    });
  }
}

function isOrphan(model: OracleContext['model'], pod: ActualPod): boolean {
  const { is } = standingOf(model, pod);
  return is === 'gone' || is === 'unknown' || is === 'superseded';
}

function armGarbage(
  context: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  awaited: Set<ActualPod>,
  pod: ActualPod,
): void {
  const { model } = context;
  const arm = (): void =>
    deadlines.arm({
      boundMs,
      open: () => {
        // A pod that is still listed, or runs again, is looked at again when it next comes to a stop.
        if (!isResidue(model, pod)) awaited.delete(pod);
        else if (pod.pendingCalls > 0 || model.t - residueSinceMs(model, pod) <= boundMs) arm();
        else return true;
        return false;
      },
      missed: () => {
        awaited.delete(pod);
        reportResidue(context, pod);
      },
    });
  arm();
}

/** Something is left of a pod that nobody lists any more and that has come to its end. */
function isResidue(model: OracleContext['model'], pod: ActualPod): boolean {
  return (
    pod.stoppedAtMs >= 0 &&
    pod.sandboxes.size + pod.containers.size > 0 &&
    model.desired.allReady() &&
    isOrphan(model, pod)
  );
}

function residueSinceMs(model: OracleContext['model'], pod: ActualPod): number {
  const { is, entry } = standingOf(model, pod);
  const leftMs = is === 'gone' ? entry!.removedAtMs : is === 'superseded' ? entry!.changedAtMs : 0;
  return Math.max(pod.stoppedAtMs, leftMs);
}

function reportResidue({ model, ledger }: OracleContext, pod: ActualPod): void {
  ledger.report({
    requirement: 'GC-01',
    subject: podSubject(model, pod),
    expected: `Nothing of pod ${pod.fullName} is left in the runtime after it was removed and has ended.`,
    seen: `${pod.containers.size} containers and ${pod.sandboxes.size} sandboxes were left ${seconds(model.t - residueSinceMs(model, pod))} later.`,
    events: [pod.firstSeq, standingOf(model, pod).entry?.removedSeq ?? -1, pod.lastCallSeq],
  });
}
