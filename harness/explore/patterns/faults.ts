import type { CriMethod, Fault, GrpcCode } from '../../spec/plan.js';
import type { DraftPod, PlanDraft } from '../draft.js';

const startCalls: readonly CriMethod[] = ['RunPodSandbox', 'CreateContainer', 'StartContainer'];
const stopCalls: readonly CriMethod[] = ['StopContainer', 'StopPodSandbox'];
const changingCalls: readonly CriMethod[] = [
  ...startCalls,
  ...startCalls,
  ...stopCalls,
  ...stopCalls,
  'PullImage',
  'RemoveContainer',
  'RemovePodSandbox',
];
const readingCalls: readonly CriMethod[] = [
  'ListPodSandbox',
  'ListContainers',
  'ListContainers',
  'ContainerStatus',
  'PodSandboxStatus',
];
const codes: readonly GrpcCode[] = ['UNKNOWN', 'INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED'];

/** One error at some runtime call, then silence. */
export function singleError(draft: PlanDraft): void {
  const [pod, call] = aboutToBeCalled(draft);
  const effect = draft.pick([
    'errorBefore',
    'errorBefore',
    'errorAfter',
    'lostReply',
    'lostReply',
    'hang',
    'delay',
  ] as const);
  draft.fault(faultAt(draft, { pod, call, effect }));
  play(draft, pod, call);
  draft.wait('start', pod.source);
  if (draft.oneIn(4)) draft.wait('resync', pod.source);
}

/** Runtime answers older than the agent's own last action. */
export function staleAnswer(draft: PlanDraft): void {
  const [pod, call] = aboutToBeCalled(draft);
  const list = draft.pick(readingCalls);
  const ownPod = draft.oneIn(3);
  const effect = draft.pick(['staleList', 'staleList', 'staleList', 'partialList', 'errorBefore'] as const);
  const count = draft.prng.int(1, 4);
  for (let occurrence = 0; occurrence < (draft.oneIn(2) ? 2 : 1); occurrence++) {
    draft.fault({
      at: {
        call: occurrence === 0 ? list : list === 'ListContainers' ? 'ListPodSandbox' : 'ListContainers',
        ...(ownPod && !list.startsWith('List') ? { pod: pod.slot } : {}),
        nth: list.startsWith('List') ? draft.aboutNth(draft.timings.relistMs) : draft.prng.int(1, 4),
      },
      effect: list.startsWith('List') || effect === 'errorBefore' ? effect : 'delay',
      ...(effect === 'errorBefore' ? {} : { ms: draft.prng.int(20, draft.live ? 300 : 3_000) }),
      ...(count > 1 ? { count } : {}),
    });
  }
  play(draft, pod, call);
  draft.wait(draft.oneIn(2) ? 'start' : 'between', pod.source);
}

/** The agent ends between two runtime calls. */
export function crashBetweenCalls(draft: PlanDraft): void {
  const [pod, call] = aboutToBeCalled(draft);
  if (draft.oneIn(4)) {
    play(draft, pod, call);
    draft.wait('within', pod.source);
    draft.restartAgent();
  } else {
    const effect = draft.oneIn(2) ? 'crashBefore' : 'crashAfter';
    draft.fault({ at: draft.call(pod, call), effect, downMs: draft.downMs() });
    play(draft, pod, call);
  }
  if (draft.oneIn(3)) {
    draft.wait('within', pod.source);
    if (pod.state === 'listed') draft.end(pod);
    else draft.add(pod);
  }
  draft.wait('start', pod.source);
}

/** Exactly one observation is lost: a runtime event, a watch event, a poll, a message. */
export function lostObservation(draft: PlanDraft): void {
  const pod = draft.runningPod();
  switch (pod.source) {
    case 'http':
      if (draft.oneIn(2)) {
        draft.fault({
          at: { source: 'http', poll: draft.aboutNth(draft.timings.httpCheckMs) },
          effect: draft.pick(['hang', 'reset', 'stale', 'delay']),
          ms: draft.prng.int(50, draft.live ? 200 : 3_000),
        });
      }
      break;
    case 'api':
      if (draft.oneIn(2)) draft.step({ do: 'watch', how: draft.pick(['close', 'gone', 'compact']) });
      break;
    case 'feed':
      if (draft.oneIn(2)) {
        draft.fault({ at: { source: 'feed', message: draft.prng.int(1, 8) }, effect: 'reset' });
      }
      break;
    case 'file':
      break;
  }
  if (draft.oneIn(2)) {
    draft.fault({
      at: { event: 'container', pod: pod.slot, nth: draft.oneIn(2) ? 3 : draft.prng.int(1, 4) },
      effect: draft.oneIn(4) ? 'eventDoubled' : 'eventLost',
    });
  } else {
    // Agents that do not listen to events observe by listing.
    draft.fault({
      at: {
        call: draft.pick(['ListContainers', 'ListPodSandbox']),
        nth: draft.aboutNth(draft.timings.relistMs),
      },
      effect: draft.pick(['errorBefore', 'staleList', 'partialList']),
      ms: draft.prng.int(20, draft.live ? 300 : 3_000),
    });
  }
  switch (draft.prng.int(0, 3)) {
    case 0:
      draft.update(pod);
      break;
    case 1:
      draft.end(pod);
      break;
    default:
      draft.step({ do: 'exitContainer', pod: pod.slot, container: 'main', code: draft.pick([0, 1, 137]) });
  }
  draft.wait(draft.oneIn(3) ? 'resync' : 'start', pod.source);
}

/** Deletions whose containers end late, or whose end is not told: nothing may be reported before it is true. */
export function reportedEarly(draft: PlanDraft): void {
  const source = draft.source(['api', 'feed']);
  const pod = draft.runningPod({ source, workload: draft.pick(['stopsSlowly', 'ignoresTerm', 'plain']) });
  const call = draft.pick(stopCalls);
  if (draft.oneIn(3)) {
    draft.fault(
      faultAt(draft, {
        pod,
        call,
        effect: draft.pick(['lostReply', 'errorBefore', 'hang', 'delay']),
        ahead: 1,
      }),
    );
  }
  if (source === 'api' && draft.oneIn(2)) {
    draft.fault({
      at: {
        source: 'api',
        request: draft.pick(['patch', 'delete']),
        resource: 'pods',
        pod: pod.slot,
        nth: draft.prng.int(1, 3),
      },
      effect: 'status',
      status: draft.pick([409, 500, 503]),
    });
  }
  draft.delete(pod, draft.oneIn(2) ? undefined : draft.prng.int(0, draft.live ? 1 : 3));
  draft.wait(draft.pick(['within', 'between', 'start']), source);
  if (draft.oneIn(3)) draft.restartAgent();
  draft.wait('start', source);
}

interface FaultDraft {
  readonly pod: DraftPod;
  readonly call: CriMethod;
  readonly effect: Fault['effect'];
  readonly ahead?: number;
}

function faultAt(draft: PlanDraft, { pod, call, effect, ahead = 0 }: FaultDraft): Fault {
  const count = draft.oneIn(4) ? draft.prng.int(2, 3) : 1;
  const container = call.endsWith('Container') && draft.oneIn(3) ? { container: 'main' } : {};
  return {
    at: { ...draft.call(pod, call, ahead), ...container },
    effect,
    ...(effect === 'errorBefore' || effect === 'errorAfter' ? { code: draft.pick(codes) } : {}),
    ...(effect === 'delay' ? { ms: draft.prng.int(50, draft.live ? 400 : 6_000) } : {}),
    ...(count > 1 && effect !== 'hang' ? { count } : {}),
  };
}

/** A pod, ready for an input that makes the agent call `call`; its counters point at that call. */
function aboutToBeCalled(draft: PlanDraft): [DraftPod, CriMethod] {
  const call = draft.pick(changingCalls);
  if (isStopping(call)) {
    const pod = draft.runningPod();
    pod.stops++;
    return [pod, call];
  }
  const pod = draft.absentPod(draft.source());
  pod.starts++;
  return [pod, call];
}

/** The input that makes the agent call `call`. The counters were moved before, so they are moved back. */
function play(draft: PlanDraft, pod: DraftPod, call: CriMethod): void {
  if (isStopping(call)) {
    pod.stops--;
    if (draft.oneIn(3) && pod.identity.uid === undefined) draft.update(pod);
    else draft.end(pod);
  } else {
    pod.starts--;
    if (pod.state === 'listed') draft.update(pod);
    else draft.add(pod);
  }
}

function isStopping(call: CriMethod): boolean {
  return call.startsWith('Stop') || call.startsWith('Remove');
}
