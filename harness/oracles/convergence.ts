import type { ActualPod } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import { isContested } from '../model/desired-pods.js';
import { instancesOf, isUnwanted, standingOf } from '../model/standing.js';
import { isMirror } from '../model/pod-meaning.js';
import { oracleBounds } from './bounds.js';
import { isCollection, judgeQuietCall, judgeQuietWrite, neverRests } from './quiet.js';
import { blameLeftover, blameShortfall } from './rest-blame.js';
import { shortfallOf } from './shortfall.js';
import type { Oracle, OracleContext } from './oracle.js';
import { entrySubject, podSubject } from './words.js';

/** At rest what runs is what is wanted, and it stays so without another call. */
export const convergence: Oracle = {
  name: 'convergence',
  requirements: [
    'QUIET-01',
    'QUIET-02',
    'MUX-06',
    'MUX-08',
    'WORK-03',
    'WORK-04',
    'HTTP-03',
    'HTTP-04',
    'ADOPT-02',
    'ADOPT-03',
  ],
  kinds: ['runtime.request', 'runtime.reply', 'api.request', 'phase', 'source.served', 'run.ended'],
  methods: [
    'RunPodSandbox',
    'CreateContainer',
    'StartContainer',
    'StopContainer',
    'RemoveContainer',
    'StopPodSandbox',
    'RemovePodSandbox',
    'PullImage',
    'UpdateContainerResources',
  ],
  begin(context) {
    const { model, ledger, run } = context;
    let quietSeq = -1;
    /** Sandboxes that were stopped again in the quiet phase, by id. */
    const stoppedAgain = new Set<string>();
    return {
      onEvent(event) {
        switch (event.kind) {
          case 'phase':
            if (event.phase !== 'quiet') return;
            quietSeq = event.seq;
            if (model.actual.pods.size > 0) ledger.exercised('QUIET-01');
            return;
          case 'source.served':
            for (const entry of model.served?.changed ?? [])
              if (entry.edits >= 2) ledger.exercised('WORK-03');
            return;
          case 'runtime.request':
            if (model.phase === 'quiet' && !isCollection(context, stoppedAgain))
              judgeQuietCall(context, quietSeq);
            return;
          case 'runtime.reply':
            // What the runtime could not do is asked of it again.
            if (event.method === 'StopPodSandbox' && event.code !== 'OK')
              stoppedAgain.delete(model.call?.request.sandboxId ?? '');
            return;
          case 'api.request':
            if (model.phase === 'quiet') judgeQuietWrite(context, event, quietSeq);
            return;
          case 'run.ended':
            if (event.outcome === 'agentGone') {
              ledger.exercised('QUIET-02');
              ledger.report({
                requirement: 'QUIET-02',
                subject: { role: 'agent', name: 'agent' },
                expected: 'Once nothing disturbs it any more, the agent goes on running.',
                seen: `It gave up: ${event.detail ?? 'it ended on its own again and again'}.`,
                events: [event.seq],
              });
            }
            if (event.outcome !== 'limit') return;
            ledger.exercised('QUIET-02');
            // On a real clock a flood may be the machine's; the judge leaves it open.
            if (run.world !== 'sim') return;
            ledger.report({
              requirement: 'QUIET-02',
              subject: { role: 'agent', name: 'agent' },
              expected: 'The agent comes to rest.',
              seen: `It made so many calls that the run was cut short: ${event.detail ?? 'limit reached'}.`,
              events: [],
            });
            return;
        }
      },
      atRest(settled) {
        // Where nothing ever ran there is nothing to converge.
        if (model.actual.pods.size > 0) ledger.exercised('QUIET-02');
        const before = ledger.findings.length;
        const calm = judgeRest(context);
        if (settled || !calm || ledger.findings.length > before) return;
        ledger.report({
          requirement: 'QUIET-02',
          subject: { role: 'agent', name: 'agent' },
          expected: 'Nothing changes any more once everything that is wanted runs.',
          seen: 'The state was still changing at the deadline.',
          events: [...model.actual.pods.values()].map((pod) => pod.lastCallSeq).slice(-6),
        });
      },
    };
  },
};

/** Compares what is wanted with what is there; false when some pod comes to no rest by its own nature. */
function judgeRest(context: OracleContext): boolean {
  const { model, ledger, run } = context;
  if (!model.agentUp) return false;
  const bounds = oracleBounds(run, context.bounds);
  let calm = true;
  for (const entry of model.desired.all) {
    if (entry.pods.length === 0 || !isCertain(context, entry)) continue;
    if (entry.pods.some(neverRests)) calm = false;
    if (isContested(model.desired, entry)) {
      judgeContested(context, entry);
      continue;
    }
    if (entry.deleting || entry.terminal) continue;
    judgeSingle(context, entry);
    const shortfall = shortfallOf(model, bounds, entry);
    if (shortfall === undefined) continue;
    ledger.report({
      requirement: blameShortfall(model, entry, shortfall),
      subject: entrySubject(entry),
      expected: `Pod ${entry.fullName}, which the ${entry.source} source lists, runs.`,
      seen: `${shortfall.seen}.`,
      events: [entry.changedSeq, ...shortfall.events],
    });
  }
  for (const pod of model.actual.pods.values()) judgePod(context, pod);
  judgeObjects(context);
  return calm;
}

/** However often its file was replaced or renamed, one instance is left. */
function judgeSingle({ model, ledger }: OracleContext, entry: DesiredPod): void {
  const live = instancesOf(model, entry).filter(
    (pod) => pod.readyCount > 0 && !isUnwanted(standingOf(model, pod)),
  );
  if (live.length < 2) return;
  ledger.report({
    requirement: entry.source === 'file' ? 'FILE-03' : 'WORK-02',
    subject: entrySubject(entry),
    expected: `Exactly one instance of pod ${entry.fullName} runs.`,
    seen: `${live.length} of them run.`,
    events: [entry.changedSeq, entry.movedSeq, ...live.map((pod) => pod.firstSeq)],
  });
}

function isCertain({ model }: OracleContext, entry: DesiredPod): boolean {
  const view = model.desired.sources.get(entry.source)!;
  return (
    entry.known &&
    !entry.undeleted &&
    !entry.uncertain &&
    view.ready &&
    !view.uncertain &&
    model.t >= entry.uncertainUntilMs
  );
}

function judgePod({ model, ledger, run }: OracleContext, pod: ActualPod): void {
  if (pod.readyCount === 0 && pod.runningCount === 0) return;
  const standing = standingOf(model, pod);
  if (pod.readyCount > 1) {
    ledger.report({
      requirement: 'LIFE-02',
      subject: podSubject(model, pod),
      expected: `Pod ${pod.fullName} has at most one ready sandbox.`,
      seen: `It has ${pod.readyCount}.`,
      events: [...pod.sandboxes.values()].map((sandbox) => sandbox.createdSeq),
    });
  }
  if (isUnwanted(standing)) {
    if (!model.desired.allReady()) return;
    if (standing.is === 'unknown' && !run.features.includes('orphan-cleanup')) return;
    const names = [...pod.containers.values()]
      .filter(({ state }) => state === 'running')
      .map(({ name }) => name);
    ledger.report({
      requirement: blameLeftover(model, pod, standing),
      subject: podSubject(model, pod),
      expected: `Pod ${pod.fullName} does not run: ${leftoverReason(standing.is)}.`,
      seen: names.length > 0 ? `${names.join(' and ')} running.` : 'Its sandbox is ready.',
      events: [
        pod.firstSeq,
        standing.entry?.changedSeq ?? -1,
        standing.entry?.removedSeq ?? -1,
        pod.lastCallSeq,
      ],
    });
    return;
  }
  if (standing.is === 'wanted' && pod.licenceSeq >= 0 && standing.entry!.removedSeq === pod.licenceSeq) {
    if (!standing.entry!.removedWhenReady || standing.entry!.uid === undefined) return;
    // A life of the agent that began after the removal has seen no removal, only a pod that it may adopt.
    if (pod.licenceSeq <= model.desired.sources.get(standing.entry!.source)!.readySeq) return;
    // What was only being set up when it was removed has no life that must end first.
    const first = [...pod.containers.values()].find(
      (container) => container.state === 'running' && container.startedSeq < pod.licenceSeq,
    );
    if (first === undefined) return;
    ledger.report({
      requirement: 'WORK-04',
      subject: podSubject(model, pod),
      expected: `Pod ${pod.fullName} was removed and listed again under the same UID, so it is terminated and then started again.`,
      seen: 'The containers of its first life are still running.',
      events: [pod.firstSeq, pod.licenceSeq, standing.entry!.changedSeq],
    });
  }
}

function leftoverReason(is: string): string {
  switch (is) {
    case 'deleting':
      return 'it has a deletion timestamp';
    case 'terminal':
      return 'its phase is terminal';
    case 'superseded':
      return 'a later version of it has taken its place';
    case 'gone':
      return 'no source lists it any more';
    default:
      return 'no source has ever listed it';
  }
}

/** Of several entries of one name exactly one runs; which one is left open. */
function judgeContested({ model, ledger }: OracleContext, entry: DesiredPod): void {
  const rivals = model.desired.byName(entry.fullName).filter((other) => other.pods.length > 0);
  if (
    rivals[0] !== entry ||
    rivals.some((other) => other.uid !== undefined && model.desired.byUid(other.uid).length > 1)
  ) {
    return;
  }
  const live = model.actual.byName(entry.fullName).filter((pod) => pod.readyCount > 0);
  const isOneSource = rivals.every((other) => other.source === entry.source);
  if (!isOneSource) ledger.exercised('MUX-08');
  if (live.length > 1) {
    ledger.report({
      requirement: isOneSource ? 'MUX-06' : 'MUX-08',
      subject: entrySubject(entry),
      expected: `Of several entries called ${entry.fullName} only one runs.`,
      seen: `${live.length} of them run.`,
      events: [entry.changedSeq, ...live.map((pod) => pod.firstSeq)],
    });
  } else if (
    live.length === 0 &&
    rivals.every(
      (other) =>
        other.pods.every((pod) => pod.spec.restartPolicy === 'Always') && !other.deleting && !other.terminal,
    )
  ) {
    if (rivals.some((other) => other.pods.some(neverRests))) return;
    ledger.report({
      requirement: isOneSource ? 'MUX-06' : 'MUX-08',
      subject: entrySubject(entry),
      expected: `Of several entries called ${entry.fullName} one runs.`,
      seen: 'None of them runs.',
      events: [entry.changedSeq, ...model.actual.byName(entry.fullName).map((pod) => pod.lastCallSeq)],
    });
  }
}

/** The object of a deleted pod disappears once nothing of it runs. */
function judgeObjects({ model, ledger, run, bounds }: OracleContext): void {
  if (!run.features.includes('status')) return;
  for (const pod of model.desired.sources.get('api')?.held?.pods ?? []) {
    if (pod.metadata.deletionTimestamp === undefined || isMirror(pod)) continue;
    if ((pod.metadata.finalizers?.length ?? 0) > 0) continue;
    const actual = model.actual.pods.get(pod.metadata.uid ?? '');
    if (actual !== undefined && (actual.runningCount > 0 || actual.readyCount > 0)) continue;
    const heldMs = model.t - model.desired.sources.get('api')!.held!.t;
    if (heldMs <= oracleBounds(run, bounds).reportMs) continue;
    ledger.report({
      requirement: 'TERM-06',
      subject: { role: 'api pod', name: `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}` },
      expected: 'The object of a deleted pod is deleted once nothing of the pod runs.',
      seen: 'It is still there.',
      events: [model.desired.sources.get('api')!.held!.seq, actual?.lastCallSeq ?? -1],
    });
  }
}
