import type { Container, Pod, SourceKind } from '../../spec/pod.js';
import type { CriMethod, GrpcCode } from '../../spec/plan.js';
import { fastTimings } from '../../spec/timings.js';
import type { Timings } from '../../spec/timings.js';
import type {
  ChangeCause,
  ContainerChanged,
  HeldFile,
  PhaseChanged,
  RunStarted,
  TraceEvent,
  TraceEventBody,
} from '../../trace/events.js';

/** Writes small traces by hand: time is set, events get their numbers, runtime calls their three events. */
export interface TraceBuilder {
  readonly events: TraceEvent[];
  at(ms: number): TraceBuilder;
  /** Until then the agent looks at the runtime every second. */
  looking(untilMs: number): TraceBuilder;
  add(body: TraceEventBody): TraceBuilder;
  phase(phase: PhaseChanged['phase']): TraceBuilder;
  agent(incarnation?: number): TraceBuilder;
  gone(incarnation?: number): TraceBuilder;
  held(source: SourceKind, pods: readonly Pod[], files?: readonly HeldFile[]): TraceBuilder;
  /** A list that the source serves. It is held as well, unless `held` says otherwise. */
  list(source: SourceKind, pods: readonly Pod[], options?: { held?: boolean; bad?: string[] }): TraceBuilder;
  change(source: SourceKind, change: 'added' | 'modified' | 'deleted', pod: Pod): TraceBuilder;
  error(source: SourceKind, detail: string): TraceBuilder;
  /** A whole call; `between` is what the runtime does before it answers. */
  call(method: CriMethod, target: CallSketch, between?: () => void): TraceBuilder;
  sandbox(
    id: string,
    pod: RunningPod,
    state: 'ready' | 'notReady' | 'removed',
    cause?: ChangeCause,
    attempt?: number,
  ): TraceBuilder;
  container(
    id: string,
    pod: RunningPod,
    state: 'created' | 'running' | 'exited' | 'removed',
    options?: Partial<
      Pick<ContainerChanged, 'name' | 'cause' | 'exitCode' | 'lateMs' | 'image' | 'sandboxId'>
    >,
  ): TraceBuilder;
  /** RunPodSandbox, CreateContainer and StartContainer for every regular container of the pod. */
  start(pod: RunningPod, options?: { suffix?: string; spec?: Pod }): TraceBuilder;
  /** StopContainer for every container that runs, then StopPodSandbox. */
  stop(pod: RunningPod, options?: { suffix?: string; timeoutS?: number }): TraceBuilder;
  /** RemoveContainer and RemovePodSandbox. */
  remove(pod: RunningPod, options?: { suffix?: string }): TraceBuilder;
  /** The calm end: heal, settled, quiet, end, far enough apart. */
  rest(): TraceBuilder;
}

/** A pod as the runtime knows it. */
export interface RunningPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly pod: Pod;
}

export interface CallSketch {
  readonly pod?: RunningPod;
  readonly sandboxId?: string;
  readonly container?: string;
  readonly containerId?: string;
  readonly request?: object;
  readonly code?: 'OK' | GrpcCode;
  /** What the effect says, when it differs from the reply; `none` leaves it out. */
  readonly effect?: 'OK' | GrpcCode | 'none';
  readonly id?: string;
  readonly response?: object;
}

export const testNode = 'node';

/** A pod with one container `main` that runs until it is stopped, unless `container` says otherwise. */
export function makePod(
  name: string,
  options: {
    uid?: string;
    image?: string;
    args?: string[];
    graceS?: number;
    restartPolicy?: 'Always' | 'OnFailure' | 'Never';
    labels?: Record<string, string>;
    initContainers?: Container[];
    metadata?: Partial<Pod['metadata']>;
  } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.labels === undefined ? {} : { labels: options.labels }),
      ...options.metadata,
    },
    spec: {
      restartPolicy: options.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: options.graceS ?? 2,
      ...(options.initContainers === undefined ? {} : { initContainers: options.initContainers }),
      containers: [
        { name: 'main', image: options.image ?? 'image:1', command: ['/workload'], args: options.args ?? [] },
      ],
    },
  };
}

/** How the runtime sees a static pod under this UID. */
export function asStatic(pod: Pod, uid: string): RunningPod {
  return { uid, namespace: 'default', name: `${pod.metadata.name}-${testNode}`, pod };
}

/** How the runtime sees a pod of the API or the feed. */
export function asGiven(pod: Pod): RunningPod {
  return { uid: pod.metadata.uid!, namespace: 'default', name: pod.metadata.name, pod };
}

/** A trace that begins with `run.started` for these sources. */
export function createTrace(
  sources: readonly SourceKind[],
  options: {
    timings?: Partial<Timings>;
    features?: readonly string[];
    world?: RunStarted['world'];
    attached?: true;
  } = {},
): TraceBuilder {
  const events: TraceEvent[] = [];
  const revisions = new Map<SourceKind, number>();
  let t = 0;
  let calls = 0;
  let incarnation = 1;
  const running = new Map<string, { pod: RunningPod; name: string; sandboxId: string }>();

  const builder: TraceBuilder = {
    events,
    at(ms) {
      if (ms < t) throw new Error(`time runs backwards: ${ms} after ${t}`);
      t = ms;
      return builder;
    },
    looking(untilMs) {
      while (t + 1_000 <= untilMs) builder.at(t + 1_000).call('ListContainers', {});
      return builder.at(untilMs);
    },
    add(body) {
      events.push({ t, seq: events.length, ...body } as TraceEvent);
      return builder;
    },
    phase: (phase) => builder.add({ kind: 'phase', actor: 'harness', phase }),
    agent(number = 1) {
      incarnation = number;
      return builder.add({ kind: 'agent.started', actor: 'agent', incarnation });
    },
    gone: (number = incarnation) =>
      builder.add({ kind: 'agent.ended', actor: 'agent', incarnation: number, cause: 'killed' }),
    held(source, pods, files) {
      const revision = (revisions.get(source) ?? 0) + 1;
      revisions.set(source, revision);
      const held = files ?? (source === 'file' ? filesOf(pods) : undefined);
      return builder.add({
        kind: 'source.held',
        actor: `source:${source}`,
        source,
        revision,
        pods,
        ...(held === undefined ? {} : { files: held }),
      });
    },
    list(source, pods, listOptions = {}) {
      if (listOptions.held !== false) builder.held(source, pods);
      return builder.add({
        kind: 'source.served',
        actor: `source:${source}`,
        source,
        revision: revisions.get(source) ?? 1,
        outcome: listOptions.bad === undefined ? 'list' : 'partial',
        pods,
        ...(listOptions.bad === undefined ? {} : { bad: listOptions.bad }),
      });
    },
    change: (source, change, pod) =>
      builder.add({
        kind: 'source.served',
        actor: `source:${source}`,
        source,
        outcome: 'change',
        change,
        pods: [pod],
      }),
    error: (source, detail) =>
      builder.add({ kind: 'source.served', actor: `source:${source}`, source, outcome: 'error', detail }),
    call(method, sketch, between) {
      const call = ++calls;
      builder.add({
        kind: 'runtime.request',
        actor: 'agent',
        call,
        method,
        incarnation,
        ...targetOf(sketch),
        request: sketch.request ?? {},
      });
      between?.();
      const code = sketch.code ?? 'OK';
      const effect = sketch.effect ?? code;
      if (effect !== 'none') {
        builder.add({
          kind: 'runtime.effect',
          actor: 'runtime',
          call,
          method,
          code: effect,
          ...(sketch.id === undefined ? {} : { id: sketch.id }),
        });
      }
      const { response } = sketch;
      return builder.add({
        kind: 'runtime.reply',
        actor: 'runtime',
        call,
        method,
        code,
        ...(response === undefined ? {} : { response }),
      });
    },
    sandbox: (id, pod, state, cause = 'agent', attempt = 0) =>
      builder.add({
        kind: 'sandbox',
        actor: cause === 'outside' ? 'outside' : 'runtime',
        id,
        podUid: pod.uid,
        podNamespace: pod.namespace,
        podName: pod.name,
        attempt,
        state,
        cause,
      }),
    container(id, pod, state, containerOptions = {}) {
      const { name = 'main', cause = 'agent', exitCode, lateMs } = containerOptions;
      const sandboxId = containerOptions.sandboxId ?? `s-${id.slice(2).replace(/-[^-]*$/, '')}`;
      if (state === 'running') running.set(id, { pod, name, sandboxId });
      else running.delete(id);
      return builder.add({
        kind: 'container',
        actor: cause === 'workload' ? 'workload' : cause === 'outside' ? 'outside' : 'runtime',
        id,
        sandboxId,
        podUid: pod.uid,
        podNamespace: pod.namespace,
        podName: pod.name,
        name,
        attempt: 0,
        image: containerOptions.image ?? imageOf(pod.pod, name),
        state,
        cause,
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(lateMs === undefined ? {} : { lateMs }),
      });
    },
    start(pod, startOptions = {}) {
      const key = `${pod.uid}${startOptions.suffix ?? ''}`;
      const sandboxId = `s-${key}`;
      const spec = startOptions.spec ?? pod.pod;
      builder.call('RunPodSandbox', { pod, id: sandboxId }, () => builder.sandbox(sandboxId, pod, 'ready'));
      for (const container of spec.spec.containers) {
        const id = `c-${key}-${container.name}`;
        const { name, image, command, args } = container;
        const request = {
          podSandboxId: sandboxId,
          config: { metadata: { name }, image: { image }, command, args },
        };
        builder.call('CreateContainer', { pod, sandboxId, container: name, request, id }, () =>
          builder.container(id, pod, 'created', { name, image, sandboxId }),
        );
        builder.call('StartContainer', { pod, sandboxId, container: name, containerId: id }, () =>
          builder.container(id, pod, 'running', { name, image, sandboxId }),
        );
      }
      return builder;
    },
    stop(pod, stopOptions = {}) {
      const timeout = stopOptions.timeoutS ?? 2;
      for (const [containerId, { pod: owner, name, sandboxId }] of [...running]) {
        if (owner.uid !== pod.uid) continue;
        builder.call(
          'StopContainer',
          { pod, container: name, containerId, request: { containerId, timeout } },
          () => builder.container(containerId, pod, 'exited', { name, sandboxId, exitCode: 143 }),
        );
      }
      const id = `s-${pod.uid}${stopOptions.suffix ?? ''}`;
      return builder.call('StopPodSandbox', { pod, sandboxId: id }, () =>
        builder.sandbox(id, pod, 'notReady'),
      );
    },
    remove(pod, removeOptions = {}) {
      const key = `${pod.uid}${removeOptions.suffix ?? ''}`;
      for (const { name } of pod.pod.spec.containers) {
        const containerId = `c-${key}-${name}`;
        builder.call('RemoveContainer', { pod, container: name, containerId }, () =>
          builder.container(containerId, pod, 'removed', { name, sandboxId: `s-${key}` }),
        );
      }
      return builder.call('RemovePodSandbox', { pod, sandboxId: `s-${key}` }, () =>
        builder.sandbox(`s-${key}`, pod, 'removed'),
      );
    },
    rest() {
      builder.phase('heal').phase('settle');
      builder
        .at(t + 120_000)
        .phase('settled')
        .phase('quiet');
      return builder.at(t + 10_000).add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' });
    },
  };
  builder.add({
    kind: 'run.started',
    actor: 'harness',
    trace: 1,
    world: options.world ?? 'sim',
    nodeName: testNode,
    sources,
    timings: { ...fastTimings, ...options.timings },
    features: options.features ?? allFeatures,
    slackMs: 0,
    ...(options.attached === undefined ? {} : { attached: options.attached }),
  });
  return builder.phase('chaos');
}

const allFeatures = [
  'restart-policy',
  'init-containers',
  'sidecars',
  'pre-stop',
  'status',
  'mirror-pods',
  'garbage-collection',
  'adoption',
  'orphan-cleanup',
  'image-pull',
  'host-network',
  'static-identity',
  'settable-timings',
];

/** One visible file for each pod. */
function filesOf(pods: readonly Pod[]): HeldFile[] {
  return pods.map((pod) => ({
    name: `${pod.metadata.name}.yaml`,
    type: 'file',
    readable: true,
    pod,
    text: JSON.stringify(pod),
  }));
}

function imageOf(pod: Pod, name: string): string {
  return pod.spec.containers.find((container) => container.name === name)?.image ?? 'image:1';
}

function targetOf(sketch: CallSketch): object {
  return {
    ...(sketch.pod === undefined
      ? {}
      : { podUid: sketch.pod.uid, podNamespace: sketch.pod.namespace, podName: sketch.pod.name }),
    ...(sketch.sandboxId === undefined ? {} : { sandboxId: sketch.sandboxId }),
    ...(sketch.container === undefined ? {} : { container: sketch.container }),
    ...(sketch.containerId === undefined ? {} : { containerId: sketch.containerId }),
  };
}
