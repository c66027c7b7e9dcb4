import type { ActualPod } from '../model/actual-pod.js';
import type { ServedChange } from '../model/desired-pod.js';
import { mayPredateMove } from '../model/standing.js';
import { isStaticSource } from '../spec/pod.js';
import type { SourceKind } from '../spec/pod.js';
import { judgeHeld } from './held.js';
import type { Oracle, OracleContext } from './oracle.js';
import { podSubject } from './words.js';

/** Merging of the sources: preconditions of its requirements, duplicates, and identities of static pods. */
export const mux: Oracle = {
  name: 'mux',
  requirements: ['MUX-01', 'MUX-02', 'MUX-03', 'MUX-04', 'MUX-05', 'MUX-06', 'MUX-10', 'MUX-11'],
  kinds: ['source.served', 'source.held', 'sandbox'],
  begin(context) {
    const { model } = context;
    // Per static full name and source: the UID seen for each version, and whether its files have moved.
    const uids = new Map<string, { readonly pod: ActualPod; readonly origin: string }>();
    return {
      onEvent(event) {
        if (event.kind === 'source.served') {
          if (model.served !== undefined) countExercises(context, model.served);
          return;
        }
        if (event.kind !== 'sandbox' || event.state !== 'ready') return;
        const pod = model.actual.pods.get(event.podUid)!;
        judgeNamesakes(context, pod);
        if (pod.firstSeq > model.agentStartedSeq || pod.sandboxes.size === 1)
          judgeIdentity(context, uids, pod);
      },
      atRest(isSettled) {
        judgeHeld(context, 'feed', isSettled, { missing: 'MUX-02', surplus: 'MUX-03', other: 'MUX-04' });
      },
    };
  },
};

function countExercises({ model, ledger }: OracleContext, change: ServedChange): void {
  const hasOthers = [...model.desired.sources.values()].some(
    (view) => view.kind !== change.source && view.listed.size > 0,
  );
  if (hasOthers) ledger.exercised('MUX-01');
  if (!model.desired.allReady()) ledger.exercised('MUX-11');
  const isNews = change.added.length + change.changed.length + change.removed.length > 0;
  if (change.changed.length > 0) ledger.exercised('MUX-04');
  if (!isNews && change.event.outcome !== 'error') ledger.exercised('MUX-05');
  for (const entry of change.added) if (entry.pods.length > 1) ledger.exercised('MUX-06');
  for (const entry of change.changed) if (entry.pods.length > 1) ledger.exercised('MUX-06');
}

/** Two pods of one name from one source: at most one of them runs. */
function judgeNamesakes({ model, ledger }: OracleContext, pod: ActualPod): void {
  const namesakes = model.actual.byName(pod.fullName);
  if (namesakes.length < 2) return;
  // An earlier life asked for it, and it came only now: the present life has not chosen it.
  if (pod.pendingCalls === 0) return;
  // It was asked for before it was removed and listed again: it comes to be, and goes.
  if (pod.licenceSeq >= 0) return;
  for (const other of namesakes) {
    if (other === pod || other.runningCount === 0 || other.readyCount === 0) continue;
    // One that is on its way out is not run any more.
    if (other.teardownSeq >= 0 || other.licenceSeq >= 0) continue;
    // A new life chooses anew; what the last one chose is then stopped as an orphan.
    if (other.incarnation !== model.incarnation) continue;
    const source = commonSource(model, pod, other);
    if (source === undefined) continue;
    ledger.exercised('MUX-06');
    ledger.report({
      requirement: 'MUX-06',
      subject: podSubject(model, pod),
      expected: `Of several entries called ${pod.fullName} in the ${source} source at most one runs.`,
      seen: `A sandbox for ${pod.uid} became ready while ${other.uid} was running.`,
      events: [other.firstSeq, pod.firstSeq, model.desired.sources.get(source)?.served?.seq ?? -1],
    });
    return;
  }
}

/** The source that lists both of them at this moment, as two entries of one name. */
function commonSource(
  model: OracleContext['model'],
  pod: ActualPod,
  other: ActualPod,
): SourceKind | undefined {
  for (const view of model.desired.sources.values()) {
    if (!view.ready) continue;
    const lists = (actual: ActualPod): boolean => {
      for (const entry of model.desired.byUid(actual.uid)) {
        if (entry.source === view.kind && entry.pods.length > 0) return true;
      }
      for (const entry of model.desired.byName(actual.fullName)) {
        // One entry alone may have two instances while its file is renamed, which is not a duplicate.
        if (entry.source !== view.kind || entry.uid !== undefined || entry.pods.length < 2) continue;
        if (entry.versions.some((version) => actual.versions.has(version))) return true;
      }
      return false;
    };
    if (lists(pod) && lists(other)) return view.kind;
  }
  return undefined;
}

/** The UID that an agent gives a static pod follows from what the pod says and where it is said. */
function judgeIdentity(
  { model, ledger }: OracleContext,
  uids: Map<string, { readonly pod: ActualPod; readonly origin: string }>,
  pod: ActualPod,
): void {
  // Only where exactly one version can have been meant is the identity certain.
  if (pod.versions.size !== 1) return;
  const [version] = pod.versions;
  const entries = model.desired
    .byName(pod.fullName)
    .filter(
      (entry) => entry.uid === undefined && isStaticSource(entry.source) && entry.everVersions.has(version!),
    );
  if (entries.length !== 1) return;
  const entry = entries[0]!;
  const { origin } = entry;
  if (mayPredateMove(entry, pod)) return;
  // Which name of the file the agent has read is not known before it must have looked again.
  if (model.t < entry.uncertainUntilMs) return;
  if (entry.source === 'file' && (origin === '' || origin.includes(' '))) return;
  const key = `${entry.key} ${version}`;
  const known = uids.get(key);
  ledger.exercised('MUX-10');
  if (known === undefined || known.origin !== origin) {
    uids.set(key, { pod, origin });
    return;
  }
  if (known.pod.uid === pod.uid) return;
  ledger.report({
    requirement: 'MUX-10',
    subject: podSubject(model, pod),
    expected: `Pod ${pod.fullName} keeps its UID ${known.pod.uid}, because its content and its origin are the same.`,
    seen: `A sandbox was made for it under the UID ${pod.uid}.`,
    events: [known.pod.firstSeq, entry.changedSeq, pod.firstSeq],
  });
}
