import type { ActualContainer, ActualPod } from '../model/actual-pod.js';
import type { ModelView } from '../model/model-view.js';
import { isFinished } from '../model/pod-progress.js';
import { instancesOf, mayBeHiddenFromLife, standingOf } from '../model/standing.js';
import { isStaticSource } from '../spec/pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import { outageRequirement } from './blame.js';
import { oracleBounds } from './bounds.js';
import type { Deadlines } from './deadlines.js';
import type { Oracle, OracleContext } from './oracle.js';
import { mayStayDown } from './shortfall.js';
import { entrySubject, podSubject, seconds } from './words.js';

/** One container, one instance, and work that is never given up. */
export const workers: Oracle = {
  name: 'workers',
  requirements: ['WORK-01', 'WORK-02', 'WORK-03', 'WORK-04', 'WORK-06', 'MUX-02', 'MUX-03', 'MUX-08'],
  kinds: ['container', 'runtime.request', 'runtime.reply', 'source.served'],
  methods: ['RunPodSandbox', 'CreateContainer', 'StartContainer', 'PullImage'],
  begin(context) {
    const { model, ledger } = context;
    const bounds = oracleBounds(context.run, context.bounds);
    const { deadlines } = context;
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'container':
            if (event.state === 'running') judgeTwins(context, event.podUid, event.name, event.id);
            return;
          case 'runtime.request':
            if (event.method === 'RunPodSandbox' && model.call?.pod !== undefined) {
              judgePredecessor(context, model.call.pod);
            }
            return;
          case 'runtime.reply': {
            const pod = model.call?.pod;
            const requestSeq = model.call?.request.seq ?? -1;
            if (event.code === 'OK' || pod === undefined || requestSeq !== pod.lastCallSeq) return;
            ledger.exercised('WORK-06');
            deadlines.arm({
              boundMs: bounds.retryMs,
              open: () =>
                pod.lastCallSeq < event.seq &&
                pod.changedSeq < event.seq &&
                pod.pendingCalls === 0 &&
                standingOf(model, pod).is === 'wanted' &&
                isIncomplete(context, pod),
              missed: () =>
                ledger.report({
                  requirement: 'WORK-06',
                  subject: podSubject(model, pod),
                  expected: `A failed ${event.method} for pod ${pod.fullName} is tried again.`,
                  seen: `No further attempt in ${seconds(model.t - event.t)}.`,
                  events: [requestSeq, event.seq],
                }),
            });
            return;
          }
          case 'source.served':
            for (const entry of model.served?.added ?? [])
              armFirstCall(context, bounds.firstCallMs, deadlines, entry);
            for (const entry of model.served?.removed ?? [])
              armStop(context, bounds.firstCallMs, deadlines, entry);
            return;
        }
      },
    };
  },
};

function isIncomplete({ model }: OracleContext, pod: ActualPod): boolean {
  const { entry } = standingOf(model, pod);
  if (entry === undefined || isFinished(pod, entry.pod)) return false;
  if (pod.readyCount === 0 && mayStayDown(model, pod, entry.pod)) return false;
  return pod.readyCount === 0 || pod.containers.size === 0;
}

function judgeTwins({ model, ledger }: OracleContext, uid: string, name: string, id: string): void {
  ledger.exercised('WORK-01');
  const pod = model.actual.pods.get(uid)!;
  for (const other of pod.containers.values()) {
    if (other.id === id || other.name !== name || other.state !== 'running') continue;
    if (mayBeHiddenFromLife(model, other) || isLateStart(model, pod.containers.get(id)!, other)) continue;
    ledger.report({
      requirement: 'WORK-01',
      subject: podSubject(model, pod),
      expected: `At most one container ${name} of pod ${pod.fullName} runs at any time.`,
      seen: `Container ${id} started while ${other.id} was running.`,
      events: [other.startedSeq, model.listErrorSeq, pod.ambiguousSeq],
    });
    return;
  }
}

/**
 * One of the two was asked for by an earlier life of the agent and began to run only in this one, when the other had been
 * asked for or no look at the runtime could show it yet.
 */
function isLateStart(model: ModelView, started: ActualContainer, other: ActualContainer): boolean {
  if (started.startAskedIn === other.startAskedIn) return false;
  const isLate = ({ startAskedIn, startedSeq }: ActualContainer): boolean =>
    startAskedIn >= 0 && startAskedIn < model.incarnation && startedSeq > model.agentStartedSeq;
  return (
    isLate(started) ||
    (isLate(other) && started.startAskedMs - other.startedAtMs <= model.bounds.Tpleg + 1_000)
  );
}

/** A static pod of the same name, of another UID, must have ended before a new one starts. */
function judgePredecessor({ model, ledger }: OracleContext, pod: ActualPod): void {
  const entry = model.desired.byName(pod.fullName).find((candidate) => isStaticSource(candidate.source));
  if (entry === undefined) return;
  for (const other of model.actual.byName(pod.fullName)) {
    if (other === pod) continue;
    ledger.exercised('WORK-02');
    if (other.runningCount === 0 || !isStaticPod(model, other)) continue;
    // What an earlier life of the agent left behind is stopped as an orphan, which need not come first.
    if (other.incarnation !== model.incarnation) continue;
    const running = [...other.containers.values()].find((container) => container.state === 'running');
    ledger.report({
      requirement: isTwoSources(model, pod, other) ? 'MUX-08' : 'WORK-02',
      subject: podSubject(model, pod),
      expected: `The new pod ${pod.fullName} starts after the old one of that name has ended.`,
      seen: `RunPodSandbox for ${pod.uid} while container ${running?.name ?? ''} of ${other.uid} was running.`,
      events: [other.firstSeq, running?.startedSeq ?? -1, entry.changedSeq],
    });
    return;
  }
}

function isStaticPod(model: OracleContext['model'], pod: ActualPod): boolean {
  const { entry } = standingOf(model, pod);
  return entry !== undefined && isStaticSource(entry.source);
}

function isTwoSources(model: OracleContext['model'], pod: ActualPod, other: ActualPod): boolean {
  const left = standingOf(model, pod).entry;
  const right = standingOf(model, other).entry;
  return left !== undefined && right !== undefined && left.source !== right.source;
}

function armFirstCall(
  { model, ledger }: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  entry: DesiredPod,
): void {
  ledger.exercised('MUX-02');
  if (entry.returns > 0) ledger.exercised('WORK-04');
  const seq = entry.changedSeq;
  const isIdle = (): boolean => {
    const instances = instancesOf(model, entry);
    return instances.every(
      (pod) =>
        pod.pendingCalls === 0 && pod.lastCallSeq < seq && pod.readyCount === 0 && pod.runningCount === 0,
    );
  };
  deadlines.arm({
    boundMs,
    open: () =>
      entry.changedSeq === seq &&
      entry.pods.length === 1 &&
      !entry.deleting &&
      !entry.terminal &&
      !entry.undeleted &&
      !entry.uncertain &&
      entry.known &&
      // Under the name of another file it is another pod, which waits for the end of the first; and ends wait for sources.
      (entry.movedSeq < seq || model.desired.allReady()) &&
      model.desired.byName(entry.fullName).length === 1 &&
      isIdle() &&
      // A pod that ran before may have nothing left to run.
      instancesOf(model, entry).every((pod) => pod.history.size === 0 && pod.containers.size === 0),
    missed: () =>
      ledger.report({
        requirement: outageRequirement(model) ?? returnOf(entry) ?? 'MUX-02',
        subject: entrySubject(entry),
        expected: `Pod ${entry.fullName} starts once the ${entry.source} source lists it.`,
        seen: `No call for it in ${seconds(model.t - entry.changedAtMs)}.`,
        events: [seq],
      }),
  });
}

/** What a pod that comes back to its source is about. */
function returnOf(entry: DesiredPod): 'HTTP-04' | 'WORK-04' | undefined {
  if (entry.returns === 0) return undefined;
  return entry.source === 'http' && entry.removedBy === 'emptyList' ? 'HTTP-04' : 'WORK-04';
}

function armStop(
  { model, ledger }: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  entry: DesiredPod,
): void {
  // Other requirements speak of what is removed before every source is ready, or while the agent is down.
  if (!entry.removedWhenReady) return;
  const running = instancesOf(model, entry).filter(
    (pod) =>
      pod.runningCount > 0 && pod.incarnation === model.incarnation && standingOf(model, pod).is === 'gone',
  );
  for (const pod of running) {
    ledger.exercised('MUX-03');
    const seq = entry.removedSeq;
    const { incarnation } = model;
    deadlines.arm({
      boundMs,
      open: () =>
        entry.removedSeq === seq &&
        entry.pods.length === 0 &&
        pod.runningCount > 0 &&
        pod.lastCallSeq < seq &&
        pod.lastExecSeq < seq &&
        pod.pendingCalls === 0 &&
        model.incarnation === incarnation &&
        model.desired.allReady() &&
        standingOf(model, pod).is === 'gone',
      missed: () =>
        ledger.report({
          requirement: entry.source === 'http' && entry.removedBy === 'emptyList' ? 'HTTP-03' : 'MUX-03',
          subject: podSubject(model, pod),
          expected: `Pod ${pod.fullName} is terminated once the ${entry.source} source no longer lists it.`,
          seen: `It was running, without a call to stop it, ${seconds(model.t - entry.removedAtMs)} later.`,
          events: [pod.firstSeq, seq],
        }),
    });
  }
}
