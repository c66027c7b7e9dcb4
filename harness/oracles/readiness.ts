import type { ActualContainer, ActualPod, ActualSandbox } from '../model/actual-pod.js';
import { startsOf } from '../model/actual-pod.js';
import type { DesiredPod } from '../model/desired-pod.js';
import type { Call, ModelView } from '../model/model-view.js';
import { isMirror } from '../model/pod-meaning.js';
import type { Pod } from '../spec/pod.js';
import type { ApiRequest } from '../trace/events.js';
import type { Oracle, OracleContext } from './oracle.js';
import { lateSources, podSubject } from './words.js';

/** How long a write that was decided on may be on its way, or be tried again, in milliseconds. */
const lateWriteMs = 10_000;

/**
 * Before every source has delivered nobody knows what is undesired: no mirror is deleted for that, and nothing dead is
 * removed. What is stopped for that is judged with all other stops.
 */
export const readiness: Oracle = {
  name: 'readiness',
  requirements: ['MUX-11'],
  kinds: ['runtime.request', 'api.request', 'source.served'],
  methods: ['RemoveContainer', 'RemovePodSandbox'],
  begin(context) {
    const { model, run } = context;
    // One that ran before the trace began may have been shown more than the trace tells.
    if (run.attached === true || run.lane !== undefined) return {};
    /** UIDs of mirrors that were shown with an end that somebody had asked for. */
    const ending = new Set<string>();
    return {
      onEvent(event) {
        if (event.kind === 'source.served') {
          for (const pod of event.pods ?? [])
            if (isMirror(pod) && isEnding(pod)) ending.add(pod.metadata.uid!);
          return;
        }
        if (model.desired.allReady()) return;
        if (event.kind === 'api.request') judgeMirror(context, event, ending);
        else if (model.call?.pod !== undefined) judgeRemoval(context, model.call, model.call.pod);
      },
    };
  },
};

function judgeMirror(
  { model, ledger, run }: OracleContext,
  { verb, resource, subresource, namespace, name, result }: ApiRequest,
  ending: ReadonlySet<string>,
): void {
  if (verb !== 'delete' || resource !== 'pods' || subresource !== undefined || name === undefined) return;
  // Only the answer to a deletion that took place tells which object it was.
  const object = result as Pod | undefined;
  if (object?.metadata === undefined || !isMirror(object)) return;
  // Somebody has asked for its end already, this request perhaps: what it was for cannot be told.
  if (isEnding(object) || ending.has(object.metadata.uid ?? '')) return;
  const sinceStartMs = model.t - model.agentStartedAtMs;
  // A request of the life before may be read from its socket only now.
  if (run.world === 'live' && model.incarnation > 1 && sinceStartMs <= lateWriteMs) return;
  const fullName = `${namespace ?? 'default'}/${name}`;
  if (mayReplace(model, fullName)) return;
  ledger.report({
    requirement: 'MUX-11',
    subject: { role: 'mirror', name: fullName },
    expected: `The mirror of ${fullName} is not deleted before every source has delivered once.`,
    seen: `DELETE of it, while ${lateSources(model)} had not delivered yet.`,
    events: [model.agentStartedSeq],
  });
}

/** It has a time to end in. Without one, what it says of its end is of the request that removed it. */
function isEnding({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds !== 0;
}

/** A source has shown a pod of this name to the present life, so that its mirror may be the one of another version. */
function mayReplace(model: ModelView, fullName: string): boolean {
  return model.desired.byName(fullName).some((entry) => {
    if (!wasListed(model, entry)) return false;
    const endMs = Math.max(entry.removedAtMs + lateWriteMs, entry.uncertainUntilMs);
    return entry.pods.length > 0 || model.t <= endMs;
  });
}

/** A source has listed it to the present life, now or before; a first list without it is no such thing. */
function wasListed({ desired }: ModelView, { known, pods, source, removedSeq }: DesiredPod): boolean {
  return known && (pods.length > 0 || removedSeq !== desired.sources.get(source)?.readySeq);
}

function judgeRemoval({ model, ledger }: OracleContext, call: Call, pod: ActualPod): void {
  const { container, sandbox, request } = call;
  if (call.hitsLive || mayBeDoneWith(model, pod)) return;
  // What this life has seen change, or was told lies about, it may take for a surplus.
  if (pod.changedSeq > model.agentStartedSeq || model.lieSeq > model.agentStartedSeq) return;
  if (
    container === undefined
      ? sandbox === undefined || !isLastSandbox(pod, sandbox)
      : !isLastOf(pod, container)
  )
    return;
  const what = container === undefined ? 'its sandbox' : `its container ${container.name}`;
  ledger.report({
    requirement: 'MUX-11',
    subject: podSubject(model, pod),
    expected: `Nothing of pod ${pod.fullName} is removed before every source has delivered once.`,
    seen: `${request.method} on ${what}, while ${lateSources(model)} had not delivered yet.`,
    events: [model.agentStartedSeq, pod.firstSeq, container?.changedSeq ?? sandbox!.changedSeq],
  });
}

/** What was listed to the present life may have been done with for another reason, and so may a pod that was to end. */
function mayBeDoneWith(model: ModelView, pod: ActualPod): boolean {
  const entries = [...model.desired.byUid(pod.uid), ...model.desired.byName(pod.fullName)];
  return entries.some((entry) => wasListed(model, entry) || entry.deletingSeq >= 0 || entry.terminal);
}

/** It has run, and no later attempt has taken its place. */
function isLastOf(pod: ActualPod, container: ActualContainer): boolean {
  if (container.startedSeq < 0) return false;
  let last: ActualContainer | undefined;
  for (const other of pod.containers.values()) if (other.name === container.name) last = other;
  return last === container;
}

/** Something of the pod has run, and no later sandbox has taken the place of this one. */
function isLastSandbox(pod: ActualPod, { createdSeq }: ActualSandbox): boolean {
  for (const other of pod.sandboxes.values()) if (other.createdSeq > createdSeq) return false;
  return [...pod.history.keys(), ...pod.earlierStarts.keys()].some((name) => startsOf(pod, name) > 0);
}
