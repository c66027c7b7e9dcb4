import type { ActualPod } from '../model/actual-pod.js';
import { historyOf, startsOf } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import type { Call, ModelView } from '../model/model-view.js';
import {
  containerContent,
  containersOf,
  findContainer,
  isInitContainer,
  restartPolicyOf,
  restartsAfter,
} from '../model/pod-meaning.js';
import { initializedSinceMs, isFinished } from '../model/pod-progress.js';
import { mayBeHiddenFromLife, standingOf } from '../model/standing.js';
import type { Pod } from '../spec/pod.js';
import type { ContainerChanged, SandboxChanged, Stamp } from '../trace/events.js';
import { outageRequirement } from './blame.js';
import { oracleBounds } from './bounds.js';
import type { Deadlines } from './deadlines.js';
import type { Oracle, OracleContext } from './oracle.js';
import { waitsForImage } from './shortfall.js';
import { podSubject, seconds } from './words.js';

/** Sandboxes and containers in the life of one pod. */
export const lifecycle: Oracle = {
  name: 'lifecycle',
  requirements: ['LIFE-01', 'LIFE-02', 'LIFE-06', 'LIFE-09'],
  kinds: ['runtime.request', 'container', 'sandbox'],
  methods: ['CreateContainer', 'RunPodSandbox'],
  begin(context) {
    const bounds = oracleBounds(context.run, context.bounds);
    const { deadlines } = context;
    return {
      onEvent(event) {
        const { call } = context.model;
        switch (event.kind) {
          case 'runtime.request':
            if (call?.pod === undefined) {
              if (event.method === 'CreateContainer') judgeStranger(context, call);
            } else if (event.method === 'CreateContainer') {
              judgeSandbox(context, call, call.pod);
              judgePolicy(context, call, call.pod);
            } else judgeFinished(context, call.pod);
            return;
          case 'container':
            if (event.state === 'exited' || event.state === 'removed') {
              armRestart(context, bounds.firstRestartMs, deadlines, event);
            }
            return;
          case 'sandbox':
            if (event.state === 'ready') armSingle(context, bounds.retryMs, deadlines, event);
            return;
        }
      },
    };
  },
};

/** A container in a sandbox that never existed. */
function judgeStranger({ model, ledger }: OracleContext, call: Call | undefined): void {
  const id = call?.request.sandboxId ?? '';
  if (call === undefined || model.actual.hadSandbox(id)) return;
  ledger.report({
    requirement: 'LIFE-01',
    subject: { role: 'container', name: call.request.container ?? id },
    expected: 'Each container is created in a ready sandbox of its pod.',
    seen: `CreateContainer named the sandbox “${id}”, which never existed.`,
    events: [],
  });
}

function judgeSandbox({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  ledger.exercised('LIFE-01');
  const { sandbox, request } = call;
  const labelled = uidLabel(request.request);
  const report = (seen: string, seq: number): void =>
    ledger.report({
      requirement: 'LIFE-01',
      subject: podSubject(model, pod),
      expected: `Each container of pod ${pod.fullName} is created in a ready sandbox of that pod.`,
      seen,
      events: [pod.firstSeq, seq],
    });
  if (sandbox === undefined) {
    // It may have been removed from outside a moment ago; only what this life of the agent did is its fault.
    return;
  }
  if (labelled !== undefined && labelled !== sandbox.pod.uid) {
    report(
      `A container of UID ${labelled} was created in a sandbox of ${sandbox.pod.uid}.`,
      sandbox.createdSeq,
    );
  } else if (!sandbox.ready && sandbox.cause === 'agent' && !sandbox.isStoppedLate) {
    report('CreateContainer named a sandbox that the agent had stopped.', sandbox.changedSeq);
  }
}

function uidLabel(request: object): string | undefined {
  const { config } = request as { config?: { labels?: Record<string, string> } };
  return config?.labels?.['io.kubernetes.pod.uid'];
}

/** A container that its restart policy leaves ended must not be made again. */
function judgePolicy({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  const name = call.request.container;
  const { is, entry } = standingOf(model, pod);
  if (name === undefined || entry === undefined || is !== 'wanted') return;
  if (isInitContainer(entry.pod, name)) return;
  const spec = findContainer(entry.pod, name);
  const history = historyOf(pod, name);
  if (spec === undefined || history.starts === 0 || history.exitCode === undefined) return;
  ledger.exercised('LIFE-06');
  const policy = restartPolicyOf(entry.pod, name);
  if (restartsAfter(policy, history.exitCode)) return;
  // A stop of the agent's own, a lost record and a changed definition each allow another run.
  if (history.exitCause === 'agent' || history.recordLost || isRedefined(model, entry, name)) return;
  if (history.exitedSeq < Math.max(entry.removedSeq, entry.contestedSeq)) return;
  if (pod.licenceSeq >= 0 || pod.isOpenEnded || entry.versions.length !== 1) return;
  const { latest } = history;
  if (latest?.content !== undefined && latest.content !== containerContent(spec)) return;
  if (latest !== undefined && mayBeHiddenFromLife(model, latest)) return;
  ledger.report({
    requirement: 'LIFE-06',
    subject: podSubject(model, pod),
    expected: `Under restart policy ${policy} container ${name} of pod ${pod.fullName} is not run again after exit code ${history.exitCode}.`,
    seen: `CreateContainer for it, ${seconds(model.t - history.exitedAtMs)} after it had ended.`,
    events: [latest?.startedSeq ?? -1, history.exitedSeq],
  });
}

/** Some version of the pod, earlier or of now, defines this container otherwise, or has another policy for it. */
function isRedefined({ desired }: ModelView, entry: DesiredPod, name: string): boolean {
  const says = (pod: Pod): string | undefined => {
    const container = findContainer(pod, name);
    return container && `${restartPolicyOf(pod, name)} ${containerContent(container)}`;
  };
  const now = says(entry.pod);
  for (const version of entry.everVersions) if (says(desired.podOfVersion(version)) !== now) return true;
  return false;
}

/** No new sandbox when nothing is left to run. */
function judgeFinished({ model, ledger }: OracleContext, pod: ActualPod): void {
  const { is, entry } = standingOf(model, pod);
  if (is !== 'wanted' || entry === undefined || pod.licenceSeq >= 0 || pod.isOpenEnded) return;
  if (!isFinished(pod, entry.pod)) return;
  if (containersOf(entry.pod).some(({ name }) => isRedefined(model, entry, name))) return;
  for (const history of pod.history.values()) {
    if (history.exitCause === 'agent' || history.recordLost || history.exitCode === undefined) return;
    if (history.exitedSeq < Math.max(entry.removedSeq, entry.contestedSeq)) return;
    if (history.latest !== undefined && mayBeHiddenFromLife(model, history.latest)) return;
  }
  ledger.report({
    requirement: 'LIFE-02',
    subject: podSubject(model, pod),
    expected: `Pod ${pod.fullName} has finished, so no sandbox is made for it.`,
    seen: 'RunPodSandbox for it.',
    events: [...pod.history.values()].map((history) => history.exitedSeq),
  });
}

/** The first restart after an exit; later ones are the back-off's, and so are those in a later life of the pod. */
function armRestart(
  { model, ledger }: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  event: ContainerChanged & Stamp,
): void {
  if (event.cause === 'agent' || !model.agentUp) return;
  const pod = model.actual.pods.get(event.podUid)!;
  const { is, entry } = standingOf(model, pod);
  if (is !== 'wanted' || entry === undefined) return;
  const history = historyOf(pod, event.name);
  if (isInitContainer(entry.pod, event.name) || history.exits !== 1) return;
  if (startsOf(pod, event.name) > history.starts) return;
  const policy = restartPolicyOf(entry.pod, event.name);
  if (!restartsAfter(policy, event.exitCode ?? history.exitCode ?? 137)) return;
  const requirement = event.cause === 'workload' ? 'LIFE-06' : 'LIFE-09';
  ledger.exercised(requirement);
  const { life } = pod;
  const { starts } = history;
  const { changedSeq, movedSeq } = entry;
  deadlines.arm({
    boundMs,
    open: () =>
      pod.life === life &&
      history.starts === starts &&
      entry.changedSeq === changedSeq &&
      entry.movedSeq === movedSeq &&
      pod.pendingCalls === 0 &&
      standingOf(model, pod).is === 'wanted' &&
      !isFinished(pod, entry.pod) &&
      !waitsForImage(model, entry.pod),
    // In a new sandbox the init containers come first.
    sinceMs: () => initializedSinceMs(pod, entry.pod, event.name),
    missed: () =>
      ledger.report({
        requirement: outageRequirement(model) ?? requirement,
        subject: podSubject(model, pod),
        expected: `Container ${event.name} of pod ${pod.fullName} is replaced after it ${event.cause === 'workload' ? 'exited' : 'was damaged from outside'} (restart policy ${policy}).`,
        seen: `Not running again ${seconds(model.t - event.t)} later.`,
        events: [event.seq, pod.lastCallSeq],
      }),
  });
}

function armSingle(
  { model, ledger }: OracleContext,
  boundMs: number,
  deadlines: Deadlines,
  event: SandboxChanged & Stamp,
): void {
  ledger.exercised('LIFE-02');
  const pod = model.actual.pods.get(event.podUid)!;
  if (pod.readyCount < 2) return;
  deadlines.arm({
    boundMs,
    open: () => pod.readyCount > 1 && pod.pendingCalls === 0,
    missed: () =>
      ledger.report({
        requirement: 'LIFE-02',
        subject: podSubject(model, pod),
        expected: `Pod ${pod.fullName} has exactly one ready sandbox.`,
        seen: `It has had ${pod.readyCount} for ${seconds(model.t - event.t)}.`,
        events: [...pod.sandboxes.values()].map((sandbox) => sandbox.createdSeq),
      }),
  });
}
