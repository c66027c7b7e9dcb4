import type { CriMethod } from '../../spec/plan.js';
import { Keys } from '../../spec/pod.js';
import type { ContainerChanged, SandboxChanged } from '../../trace/events.js';
import type { ContainerEvent, CriRequest, CriResult } from '../../ports/cri.js';
import type { RuntimeBackend, RuntimeChange, RuntimeObserver } from '../../ports/runtime.js';
import type { Life } from '../../ports/source.js';
import type { OnGivenUp, RuntimeBoundary } from '../runtime-boundary.js';
import { cutList, isList, joinLists, type ListPart } from './list-parts.js';
import { laneOfNamespace } from './lane-names.js';

/**
 * One runtime for many lanes. A call that concerns a pod goes through the boundary of that pod's lane; one that
 * concerns all pods, or the node, goes through the boundaries of all, each of which sees its part of the answer.
 */
export interface RuntimeSwitch {
  handle(method: CriMethod, request: object, reply: (result: CriResult) => void, onGivenUp?: OnGivenUp): void;
  /** The agent's GetContainerEvents. */
  subscribe(onEvent: (event: ContainerEvent) => void): () => void;
  /** What the runtime tells. */
  readonly observer: RuntimeObserver;
  join(lane: number): LaneRuntime;
}

/** One lane's side of the switch. */
export interface LaneRuntime {
  /** The runtime as the lane sees it, for its boundary. */
  backend(observer: RuntimeObserver): RuntimeBackend;
  /** From now on the lane takes part in calls that concern all. */
  open(boundary: RuntimeBoundary, life: Life): void;
  /** It takes part in them no longer; calls that concern its own pods still go through it. */
  close(): void;
  /** The lane has a pod of this UID, of which the runtime may not have heard so far. */
  expect(podUid: string): void;
  /** Calls that have not been answered. */
  openCalls(): number;
  /** What is left of the lane's pods. */
  sandboxes(): ReadonlyMap<string, SandboxChanged>;
  containers(): ReadonlyMap<string, ContainerChanged>;
  /** Nothing of the lane is known any more. */
  drop(): void;
}

interface Lane {
  readonly number: number;
  boundary: RuntimeBoundary | undefined;
  life: Life | undefined;
  observer: RuntimeObserver | undefined;
  openCalls: number;
  /** Calls that concern all and wait for its answer: how each goes on without one. */
  readonly awaitedIn: Set<() => void>;
  readonly sandboxes: Map<string, SandboxChanged>;
  readonly containers: Map<string, ContainerChanged>;
  /** By how it listens to events for each of the agent's streams. */
  readonly streams: Map<(event: ContainerEvent) => void, () => void>;
  /** Sandboxes, containers and UIDs that lead to it. */
  readonly keys: Set<string>;
}

/** A call that concerns all lanes: executed once, answered to each. */
interface CommonCall {
  readonly method: CriMethod;
  /** Lanes that wait for their part of the answer, and how each of them is given it. */
  readonly waiting: (readonly [lane: Lane, answer: (result: CriResult) => void])[];
}

export function createRuntimeSwitch(backend: () => RuntimeBackend): RuntimeSwitch {
  const lanes = new Map<number, Lane>();
  /** Lanes that take part in calls that concern all. */
  const open = new Set<Lane>();
  /** By image, those of them that have not been shown so far that it is there. Images that nobody was shown are not in it. */
  const unaware = new Map<string, Set<Lane>>();
  const laneOfId = new Map<string, Lane>();
  const streams = new Set<(event: ContainerEvent) => void>();
  let common: CommonCall | undefined;

  function lead(key: string | undefined, lane: Lane): void {
    if (key === undefined || key === '') return;
    laneOfId.set(key, lane);
    lane.keys.add(key);
  }

  function laneIn(namespace: string | undefined): Lane | undefined {
    return lanes.get(laneOfNamespace(namespace) ?? 0);
  }

  /** The lane whose pod a call concerns; undefined when it concerns none, or all. */
  function laneOf(request: object): Lane | undefined {
    const message = request as AnyRequest;
    const lane =
      laneIn(message.config?.metadata?.namespace) ??
      laneIn(message.sandboxConfig?.metadata?.namespace) ??
      laneOfId.get(message.containerId ?? '') ??
      laneOfId.get(message.podSandboxId ?? '');
    if (lane !== undefined) return lane;
    const { filter } = message;
    return (
      laneOfId.get(filter?.id ?? '') ??
      laneOfId.get(filter?.podSandboxId ?? '') ??
      laneOfId.get(filter?.labelSelector?.[Keys.labelPodUid] ?? '') ??
      laneIn(filter?.labelSelector?.[Keys.labelPodNamespace])
    );
  }

  function laneOfEntry(entry: ListPart): Lane | undefined {
    const known = laneOfId.get(entry.podSandboxId ?? entry.id);
    return known ?? laneIn(entry.labels?.[Keys.labelPodNamespace]);
  }

  function handleIn(
    lane: Lane,
    method: CriMethod,
    request: object,
    reply: (result: CriResult) => void,
    onGivenUp: OnGivenUp | undefined,
  ): void {
    lane.openCalls++;
    const answered = (result: CriResult): void => {
      lane.openCalls--;
      reply(result);
    };
    lane.boundary!.handle(lane.life!, method, request as never, answered, onGivenUp);
  }

  /**
   * Agents ask for the image of every container that they start, and nothing says for which pod. Plans that change images
   * or disturb such calls run alone, so that a lane learns all that there is to know when it is first shown that the image
   * is there.
   */
  function lanesFor(method: CriMethod, request: object): Lane[] {
    const unawareOfIt = method === 'ImageStatus' ? unaware.get(imageOf(request)) : undefined;
    return [...(unawareOfIt ?? open)];
  }

  function noteShown(lane: Lane, request: object, result: CriResult): void {
    const { response } = result as { response?: { image?: object | null } };
    if (!response?.image) return;
    const image = imageOf(request);
    if (!unaware.has(image)) unaware.set(image, new Set(open));
    unaware.get(image)!.delete(lane);
  }

  /** Asks the runtime once, and lets each lane see its part of the answer before the agent has the whole. */
  function handleInAll(
    method: CriMethod,
    request: object,
    reply: (result: CriResult) => void,
    onGivenUp: OnGivenUp | undefined,
  ): void {
    const taking = lanesFor(method, request);
    const call: CommonCall = { method, waiting: [] };
    let awaited = taking.length;
    let isAnswered = false;
    let whole: CriResult | undefined;
    let partOf: ((lane: Lane) => CriResult) | undefined;
    /** Where the answer became another than the runtime's. */
    const altered = new Map<Lane, CriResult>();
    const finish = (): void => {
      if (whole === undefined || awaited > 0 || isAnswered) return;
      isAnswered = true;
      if (altered.size === 0) reply(whole);
      else
        reply(joinLists(method, whole, (entry) => altered.has(laneOfEntry(entry)!), [...altered.values()]));
    };
    for (const lane of taking) {
      const goOn = (): void => {
        if (!lane.awaitedIn.delete(goOn)) return;
        awaited--;
        finish();
      };
      lane.awaitedIn.add(goOn);
      const answered = (result: CriResult): void => {
        if (result !== partOf?.(lane)) altered.set(lane, result);
        if (method === 'ImageStatus') noteShown(lane, request, result);
        goOn();
      };
      common = call;
      handleIn(lane, method, request, answered, onGivenUp);
      common = undefined;
    }
    backend().invoke(method, request as never, (result) => {
      whole = result;
      partOf = cutList(method, result, laneOfEntry);
      for (const [lane, answer] of call.waiting) answer(partOf(lane));
      finish();
    });
  }

  function laneBackend(lane: Lane): RuntimeBackend {
    const shared = backend();
    return {
      ...shared,
      invoke<Method extends CriMethod>(
        method: Method,
        request: CriRequest<Method>,
        reply: (result: CriResult) => void,
      ): void {
        if (common?.method === method) {
          common.waiting.push([lane, reply]);
        } else if (isList(method)) {
          shared.invoke(method, request, (result) => reply(cutList(method, result, laneOfEntry)(lane)));
        } else shared.invoke(method, request, reply);
      },
      // The runtime's condition and its end are nobody's own.
      setConditions() {},
      close: () => Promise.resolve(),
    };
  }

  function onChange(change: RuntimeChange): void {
    if (change.kind === 'image') {
      for (const lane of lanes.values()) lane.observer?.onChange(change);
      return;
    }
    const lane = laneIn(change.podNamespace);
    if (lane === undefined) return;
    lead(change.id, lane);
    lead(change.podUid, lane);
    if (change.kind === 'sandbox') keep(lane.sandboxes, change);
    else keep(lane.containers, change);
    lane.observer?.onChange(change);
  }

  function listen(lane: Lane, onEvent: (event: ContainerEvent) => void): void {
    lane.streams.set(onEvent, lane.boundary!.subscribe(lane.life!, onEvent));
  }

  return {
    handle(method, request, reply, onGivenUp) {
      const lane = laneOf(request);
      if (lane?.boundary !== undefined) handleIn(lane, method, request, reply, onGivenUp);
      else if (concernsAll(method) && !namesOne(request)) handleInAll(method, request, reply, onGivenUp);
      else backend().invoke(method, request as never, reply);
    },
    subscribe(onEvent) {
      streams.add(onEvent);
      for (const lane of lanes.values()) if (lane.boundary !== undefined) listen(lane, onEvent);
      return () => {
        streams.delete(onEvent);
        for (const lane of lanes.values()) {
          lane.streams.get(onEvent)?.();
          lane.streams.delete(onEvent);
        }
      };
    },
    observer: {
      onChange,
      onEvent(event) {
        const lane = laneOfId.get(event.containerId);
        if (lane?.observer !== undefined) lane.observer.onEvent(event);
        else for (const onEvent of streams) onEvent(event);
      },
    },
    join(number) {
      const lane: Lane = {
        number,
        boundary: undefined,
        life: undefined,
        observer: undefined,
        openCalls: 0,
        awaitedIn: new Set(),
        sandboxes: new Map(),
        containers: new Map(),
        streams: new Map(),
        keys: new Set(),
      };
      lanes.set(number, lane);
      return {
        backend(observer) {
          lane.observer = observer;
          return laneBackend(lane);
        },
        open(boundary, life) {
          lane.boundary = boundary;
          lane.life = life;
          open.add(lane);
          for (const lanesUnaware of unaware.values()) lanesUnaware.add(lane);
          for (const onEvent of streams) listen(lane, onEvent);
        },
        close() {
          open.delete(lane);
          for (const lanesUnaware of unaware.values()) lanesUnaware.delete(lane);
        },
        expect: (podUid) => lead(podUid, lane),
        openCalls: () => lane.openCalls,
        sandboxes: () => lane.sandboxes,
        containers: () => lane.containers,
        drop() {
          for (const end of lane.streams.values()) end();
          // The boundary of a plan that is over answers nothing any more.
          for (const goOn of lane.awaitedIn) goOn();
          for (const key of lane.keys) if (laneOfId.get(key) === lane) laneOfId.delete(key);
          lanes.delete(number);
        },
      };
    },
  };
}

interface AnyRequest {
  readonly image?: { readonly image?: string } | null;
  readonly config?: { readonly metadata?: { readonly namespace?: string } };
  readonly sandboxConfig?: { readonly metadata?: { readonly namespace?: string } } | null;
  readonly podSandboxId?: string;
  readonly containerId?: string;
  readonly filter?: {
    readonly id?: string;
    readonly podSandboxId?: string;
    readonly labelSelector?: Readonly<Record<string, string>>;
  } | null;
}

/**
 * A list of one pod's things, or of one thing. Where nothing leads to a lane there is nothing to list: the runtime has
 * not heard of the pod so far, or no longer knows it, and no other plan is to see that somebody asked.
 */
function namesOne(request: object): boolean {
  const { filter } = request as AnyRequest;
  return Boolean(filter?.id || filter?.podSandboxId || filter?.labelSelector?.[Keys.labelPodUid]);
}

function imageOf(request: object): string {
  return (request as AnyRequest).image?.image ?? '';
}

/** What a lane would see if it were alone although no pod of its own is named. */
function concernsAll(method: CriMethod): boolean {
  switch (method) {
    case 'ListPodSandbox':
    case 'ListContainers':
    case 'Version':
    case 'Status':
    case 'ListImages':
    case 'ImageStatus':
      return true;
    default:
      return false;
  }
}

function keep<Change extends { readonly id: string; readonly state: string }>(
  kept: Map<string, Change>,
  change: Change,
): void {
  if (change.state === 'removed') kept.delete(change.id);
  else kept.set(change.id, change);
}
