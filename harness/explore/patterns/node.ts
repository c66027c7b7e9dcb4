import type { DraftPod, PlanDraft } from '../draft.js';
import { workloadImages } from '../pod-specs.js';

/** Containers that end by themselves, once or again and again. */
export function containerExit(draft: PlanDraft): void {
  const pod = draft.oneIn(8) ? draft.runningPod() : draft.steadyPod();
  // On a real clock a series that goes past the cap, and on after the back-off was reset, is for the few.
  const isLong = draft.live && draft.oneIn(4);
  const count = isLong ? 6 : draft.oneIn(3) ? 1 : draft.prng.int(2, draft.live ? 3 : 5);
  for (let exit = 0; exit < count; exit++) {
    if (isLong && exit === count - 1) draft.waitMs(draft.timings.backoffResetMs + 100);
    const code = draft.pick([0, 1, 1, 1, 137, 143]);
    draft.step({ do: 'exitContainer', pod: pod.slot, container: 'main', code });
    draft.waitMs(restartDelayMs(draft, exit));
    draft.wait(draft.pick(['between', 'start']), pod.source);
    // What its policy does not start again cannot exit again.
    const policy = pod.specs[pod.version]!.restartPolicy;
    pod.finished = policy === 'Never' || (policy === 'OnFailure' && code === 0);
    if (pod.finished) break;
  }
  // What delays one container delays none beside it.
  const siblings = siblingsOf(pod);
  if (siblings.length === 0 || draft.oneIn(3)) return;
  const code = draft.pick([0, 1, 137]);
  draft.step({ do: 'exitContainer', pod: pod.slot, container: draft.pick(siblings), code });
  draft.wait(draft.pick(['between', 'start']), pod.source);
}

/** The names of its containers besides main that run as long as it does. */
function siblingsOf(pod: DraftPod): string[] {
  const { containers, initContainers = [] } = pod.specs[pod.version]!;
  const sidecars = initContainers.filter(({ sidecar }) => sidecar === true);
  return [...containers.slice(1), ...sidecars].map(({ name }) => name);
}

/** Init containers that fail: always, or when they are made to. And sidecars that end. */
export function initExit(draft: PlanDraft): void {
  if (draft.isFull()) return containerExit(draft);
  const source = draft.source();
  const init = draft.pick(['lasts', 'lasts', 'lasts', 'fails', 'sidecar'] as const);
  const pod = draft.newPod(source, { workload: 'plain', init });
  draft.add(pod);
  draft.wait('start', source);
  if (draft.oneIn(4)) {
    // They run again in a new sandbox.
    draft.step({ do: 'damage', pod: pod.slot, how: draft.oneIn(2) ? 'kill' : 'remove' });
    draft.wait('start', source);
  }
  const container = init === 'sidecar' ? 'helper' : 'init';
  // A sidecar runs again after whatever end, and whatever the policy of its pod.
  const codes = init === 'sidecar' ? [0, 1] : [1, 1, 137];
  const count = draft.prng.int(1, draft.live ? 2 : 3);
  for (let exit = 0; exit < count; exit++) {
    draft.step({ do: 'exitContainer', pod: pod.slot, container, code: draft.pick(codes) });
    draft.waitMs(restartDelayMs(draft, exit));
    draft.wait('between', source);
  }
}

/** About how long a container stays down after this many exits before; mostly waited for, sometimes not. */
function restartDelayMs(draft: PlanDraft, exits: number): number {
  if (exits === 0 || draft.oneIn(5)) return 0;
  const { backoffInitialMs, backoffMaxMs, tickMs } = draft.timings;
  return Math.min(backoffMaxMs, backoffInitialMs * 2 ** (exits - 1), 40_000) + tickMs;
}

/** Containers and sandboxes killed or removed from outside. */
export function damage(draft: PlanDraft): void {
  const pod = draft.oneIn(8) ? draft.runningPod() : draft.steadyPod();
  draft.step({
    do: 'damage',
    pod: pod.slot,
    ...(draft.oneIn(2) ? {} : { container: draft.pick(['main', 'main', ...siblingsOf(pod)]) }),
    how: draft.oneIn(2) ? 'kill' : 'remove',
  });
  if (draft.oneIn(4)) {
    draft.wait('within', pod.source);
    draft.update(pod);
  }
  draft.wait(draft.oneIn(3) ? 'resync' : 'start', pod.source);
}

/** Things happen while the agent is down. */
export function restartCatchUp(draft: PlanDraft): void {
  const pod = draft.runningPod(draft.oneIn(4) ? { workload: 'stopsSlowly' } : {});
  const downMs = draft.live ? draft.prng.int(40, 120) : draft.prng.int(200, 2_500);
  if (draft.oneIn(4)) {
    // A termination is under way when it goes down.
    draft.end(pod);
    draft.wait('within', pod.source);
  }
  draft.restartAgent(downMs);
  const count = draft.prng.int(1, 3);
  for (let change = 0; change < count; change++) {
    switch (draft.prng.int(0, 5)) {
      case 0:
        draft.step({ do: 'exitContainer', pod: pod.slot, container: 'main', code: draft.pick([0, 1]) });
        break;
      case 1:
        draft.step({ do: 'damage', pod: pod.slot, how: 'kill' });
        break;
      case 2:
        draft.add(draft.absentPod(draft.source()));
        break;
      case 3:
        if (pod.state === 'listed') draft.update(pod);
        else draft.add(pod);
        break;
      default:
        if (pod.state === 'listed') draft.end(pod);
        else draft.add(pod);
    }
  }
  draft.waitMs(downMs);
  draft.wait('start', pod.source);
}

/** The agent restarts over healthy pods and nothing else happens: nothing may. */
export function restartQuietly(draft: PlanDraft): void {
  const pod = draft.runningPod(draft.oneIn(2) ? { source: draft.source(['file', 'http']) } : {});
  if (draft.oneIn(2)) draft.wait('start', pod.source);
  draft.restartAgent();
  draft.wait('start', pod.source);
  if (draft.oneIn(2)) {
    draft.restartAgent();
    draft.wait('resync', pod.source);
  }
}

/** Pods leave their source while the agent is down: what still runs of them are orphans. */
export function orphan(draft: PlanDraft): void {
  const pod = draft.runningPod();
  const downMs = draft.live ? draft.prng.int(40, 120) : draft.prng.int(200, 2_000);
  draft.restartAgent(downMs);
  draft.remove(pod);
  if (draft.oneIn(3)) draft.add(draft.absentPod(pod.source));
  if (draft.oneIn(4)) {
    draft.fault({
      at: {
        call: draft.pick(['ListPodSandbox', 'ListContainers']),
        nth: draft.aboutNth(draft.timings.relistMs),
      },
      effect: draft.pick(['errorBefore', 'errorBefore', 'partialList', 'staleList']),
      ms: draft.prng.int(100, 2_000),
      count: draft.prng.int(1, 3),
    });
  }
  draft.waitMs(downMs);
  draft.wait('start', pod.source);
  if (draft.oneIn(2)) draft.waitMs(Math.min(8_000, draft.timings.garbageCollectionMs));
}

/** Graceful deletion and removal of pods that are slow to stop, with more inputs meanwhile. */
export function slowStop(draft: PlanDraft): void {
  const source = draft.source(draft.oneIn(2) ? ['api', 'feed'] : undefined);
  const pod = draft.runningPod({ source, workload: draft.pick(['stopsSlowly', 'ignoresTerm', 'plain']) });
  const graceMax = draft.live ? 5 : 6;
  draft.end(pod);
  draft.wait(draft.pick(['instant', 'within', 'between']), source);
  switch (draft.prng.int(0, 6)) {
    case 0:
      // Later requests may shorten the grace, never lengthen it.
      if (pod.state === 'deleting') draft.delete(pod, draft.prng.int(0, graceMax));
      else draft.add(pod);
      break;
    case 1:
      if (pod.state === 'absent') draft.add(pod);
      draft.update(pod);
      break;
    case 2:
    case 6:
      // It was given less time to stop than its definition says, and the removal names none.
      if (pod.state === 'deleting') draft.remove(pod);
      else draft.add(draft.absentPod(source));
      break;
    case 3:
      draft.restartAgent();
      break;
    case 4:
      draft.step({ do: 'exitContainer', pod: pod.slot, container: 'main', code: 1 });
      break;
    default:
      if (pod.state === 'deleting') draft.remove(pod);
      draft.add(pod);
  }
  draft.wait('start', source);
}

/** The runtime restarts, or is not ready for a while. */
export function runtimeConditions(draft: PlanDraft): void {
  const pod = draft.runningPod();
  const kind = draft.prng.int(0, 3);
  if (kind === 0) {
    draft.step({ do: 'runtime', how: 'restart' });
    draft.wait('start', pod.source);
    return;
  }
  draft.step({ do: 'runtime', how: kind === 1 ? 'networkNotReady' : 'notReady' });
  draft.wait('between', pod.source);
  if (draft.oneIn(2)) draft.add(draft.absentPod(draft.source()));
  else draft.update(pod);
  draft.wait('between', pod.source);
  draft.step({ do: 'runtime', how: kind === 1 ? 'networkReady' : 'ready' });
  draft.wait('start', pod.source);
}

/** An image disappears from the node before it is needed again. */
export function removedImage(draft: PlanDraft): void {
  draft.step({ do: 'removeImage', image: draft.pick(workloadImages) });
  const pod = draft.runningPod();
  draft.update(pod);
  if (draft.oneIn(2)) {
    draft.wait('between', pod.source);
    draft.step({ do: 'damage', pod: pod.slot, how: 'kill' });
  }
  draft.wait('start', pod.source);
}
