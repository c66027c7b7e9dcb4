import type { Prng } from '../core/prng.js';
import type { CriMethod, Fault, ManifestForm, PlanPod, PlanSpec, Step } from '../spec/plan.js';
import { isStaticSource, type SourceKind } from '../spec/pod.js';
import type { Timings } from '../spec/timings.js';
import { drawWaitMs, type Pace } from './paces.js';
import { drawEdit, drawSpec, pick, type InitKind } from './pod-specs.js';
import type { WorkloadKind } from './suite.js';

/** A pod while its plan is being written. */
export interface DraftPod {
  readonly slot: number;
  readonly source: SourceKind;
  readonly identity: PlanPod['identity'];
  readonly specs: PlanSpec[];
  /** Where the steps so far leave it in its source. */
  state: 'absent' | 'listed' | 'deleting';
  /** The version last written. */
  version: number;
  /** How often the steps so far have it started and stopped: which call of it comes next. */
  starts: number;
  stops: number;
  /** Its container was made to end in a way that its policy does not start again. */
  finished: boolean;
}

/** What a draft is made from. */
export interface DraftSettings {
  readonly prng: Prng;
  readonly sources: readonly SourceKind[];
  readonly timings: Timings;
  /** On a real clock, and with periods of milliseconds: everything takes little time. */
  readonly live: boolean;
  readonly podsMax: number;
  readonly workloads: readonly WorkloadKind[];
  readonly without: ReadonlySet<string>;
  readonly can: (feature: string) => boolean;
}

type StepBody = Step extends infer Each ? (Each extends Step ? Omit<Each, 'id'> : never) : never;

const names = ['web', 'db', 'cache', 'queue', 'proxy', 'cron'] as const;
const versionsMax = 24;

/**
 * A plan while it is written. It follows roughly what the steps so far bring about, so that the next ones
 * mostly make sense; nothing breaks when they do not, because execution is total.
 */
export class PlanDraft {
  readonly pods: DraftPod[] = [];
  readonly steps: Step[] = [];
  readonly faults: Fault[] = [];
  readonly prng: Prng;
  readonly sources: readonly SourceKind[];
  readonly timings: Timings;
  readonly live: boolean;
  /** How long the waits so far are. */
  elapsedMs = 0;

  constructor(private readonly settings: DraftSettings) {
    this.prng = settings.prng;
    this.sources = settings.sources;
    this.timings = settings.timings;
    this.live = settings.live;
  }

  /** True in one of `count` cases. */
  oneIn(count: number): boolean {
    return this.prng.int(1, count) === 1;
  }

  pick<Value>(values: readonly Value[]): Value {
    return pick(this.prng, values);
  }

  has(source: SourceKind): boolean {
    return this.sources.includes(source);
  }

  /** Appends a step, unless this plan does without its kind. */
  step(body: StepBody): void {
    if (this.settings.without.has(body.do)) return;
    this.steps.push({ id: `s${this.steps.length + 1}`, ...body } as Step);
  }

  /** Appends a fault, unless this plan does without its effect. */
  fault(fault: Fault): void {
    if (!this.settings.without.has(fault.effect)) this.faults.push(fault);
  }

  wait(pace: Pace, source: SourceKind = this.sources[0]!): void {
    this.waitMs(drawWaitMs(this.prng, pace, this.timings, source));
  }

  waitMs(ms: number): void {
    if (ms <= 0) return;
    this.elapsedMs += ms;
    const last = this.steps.at(-1);
    if (last?.do === 'wait') last.ms += ms;
    else this.step({ do: 'wait', ms });
  }

  /** About how many periodic events of this period have happened by now, counted from 1. */
  aboutNth(periodMs: number): number {
    return Math.max(1, Math.round(this.elapsedMs / periodMs) + this.prng.int(0, 3));
  }

  /** A source of the plan, one of `among` when it has any of them. */
  source(among?: readonly SourceKind[]): SourceKind {
    const fitting = among === undefined ? [] : this.sources.filter((source) => among.includes(source));
    return this.pick(fitting.length > 0 ? fitting : this.sources);
  }

  podsOf(source: SourceKind): DraftPod[] {
    return this.pods.filter((pod) => pod.source === source);
  }

  listed(source?: SourceKind): DraftPod[] {
    return this.pods.filter(
      (pod) => pod.state === 'listed' && (source === undefined || pod.source === source),
    );
  }

  /** Whether there are as many pods as the plan is to have; a few more may come where nothing else will do. */
  isFull(): boolean {
    return this.pods.length >= this.settings.podsMax;
  }

  /** A pod that no source lists now: a new one while there is room, else one that was there before. */
  absentPod(source: SourceKind, workload?: WorkloadKind): DraftPod {
    const absent = this.pods.filter((pod) => pod.source === source && pod.state === 'absent');
    if (absent.length > 0 && (this.isFull() || (workload === undefined && this.oneIn(3)))) {
      return this.pick(absent);
    }
    return this.newPod(source, { workload });
  }

  /** A new slot. `sharing`: it takes the name of that pod, and another UID. */
  newPod(
    source: SourceKind,
    options: { workload?: WorkloadKind | undefined; init?: InitKind; sharing?: DraftPod } = {},
  ): DraftPod {
    const { prng, settings } = this;
    const slot = this.pods.length;
    const shared = options.sharing?.identity;
    const name = shared?.name ?? `${names[slot % names.length]!}${slot < names.length ? '' : slot}`;
    const namespace = shared?.namespace ?? (this.oneIn(6) ? 'team' : 'default');
    const withUid = !isStaticSource(source) || this.oneIn(7);
    const workload = options.workload ?? this.pick(settings.workloads);
    const pod: DraftPod = {
      slot,
      source,
      identity: withUid ? { namespace, name, uid: `uid-${slot}` } : { namespace, name },
      specs: [drawSpec({ prng, live: this.live, workload, init: options.init, can: settings.can })],
      state: 'absent',
      version: 0,
      starts: 0,
      stops: 0,
      finished: false,
    };
    this.pods.push(pod);
    return pod;
  }

  /** A pod that its source lists; when there is none, one is added and given time to start. */
  runningPod(options: { source?: SourceKind; workload?: WorkloadKind } = {}): DraftPod {
    const listed = options.workload === undefined || this.isFull() ? this.listed(options.source) : [];
    if (listed.length > 0) return this.pick(listed);
    const source = options.source ?? this.source();
    const pod = this.absentPod(source, options.workload);
    this.add(pod);
    this.wait('start', source);
    return pod;
  }

  /** A pod whose container runs on by itself, so that something can be done to it now. */
  steadyPod(): DraftPod {
    const steady = this.listed().filter(
      (pod) => !pod.finished && pod.specs[pod.version]!.containers[0]!.workload.runMs === undefined,
    );
    return steady.length > 0 ? this.pick(steady) : this.runningPod({ workload: 'plain' });
  }

  add(pod: DraftPod, form = this.form(pod.source)): void {
    if (pod.state !== 'listed') pod.starts++;
    pod.state = 'listed';
    pod.finished = false;
    this.step({
      do: 'add',
      source: pod.source,
      pod: pod.slot,
      spec: pod.version,
      ...(form === undefined ? {} : { form }),
    });
  }

  /** An edit; `back` returns to an earlier version when there is one. */
  update(pod: DraftPod, options: { back?: boolean } = {}): void {
    const { specs } = pod;
    const other = this.prng.int(0, specs.length - 1);
    if ((options.back === true || specs.length >= versionsMax) && other !== pod.version) {
      pod.version = other;
    } else if (specs.length < versionsMax) {
      specs.push(drawEdit(this.prng, specs[pod.version]!, pod.identity.uid !== undefined));
      pod.version = specs.length - 1;
    }
    if (pod.identity.uid === undefined) {
      pod.stops++;
      pod.starts++;
    }
    const form = this.form(pod.source);
    this.step({
      do: 'update',
      source: pod.source,
      pod: pod.slot,
      spec: pod.version,
      ...(form === undefined ? {} : { form }),
    });
  }

  remove(pod: DraftPod): void {
    if (pod.state !== 'absent') pod.stops++;
    pod.state = 'absent';
    this.step({ do: 'remove', source: pod.source, pod: pod.slot });
  }

  /** Gracefully where the source knows that, else a removal. */
  delete(pod: DraftPod, graceS?: number): void {
    if (isStaticSource(pod.source) || this.settings.without.has('delete')) {
      this.remove(pod);
      return;
    }
    if (pod.state === 'listed') pod.stops++;
    pod.state = 'deleting';
    this.step({
      do: 'delete',
      source: pod.source,
      pod: pod.slot,
      ...(graceS === undefined ? {} : { graceS }),
    });
  }

  /** Makes an end of the pod in one of the ways that its source knows. */
  end(pod: DraftPod): void {
    if (!isStaticSource(pod.source) && this.oneIn(2)) {
      this.delete(pod, this.oneIn(2) ? undefined : this.prng.int(0, this.live ? 1 : 4));
    } else {
      this.remove(pod);
    }
  }

  restartAgent(downMs = this.downMs()): void {
    this.step({ do: 'restartAgent', how: this.oneIn(4) ? 'stop' : 'kill', downMs });
  }

  /** How long the agent is to stay down. */
  downMs(): number {
    if (this.live) return this.prng.int(10, 120);
    return this.oneIn(5) ? this.prng.int(3_000, 8_000) : this.prng.int(0, 1_500);
  }

  /** A call of this pod that is about to come: `ahead` calls of the kind from now. */
  call(pod: DraftPod, call: CriMethod, ahead = 0): { call: CriMethod; pod: number; nth: number } {
    const past = startCalls.has(call) ? pod.starts : stopCalls.has(call) ? pod.stops : 0;
    return { call, pod: pod.slot, nth: Math.max(1, past + ahead) };
  }

  private form(source: SourceKind): ManifestForm | undefined {
    // YAML, which the default form is, costs ten times as much to read; a part of the cases is enough for it.
    if (!isStaticSource(source) || this.oneIn(12)) return undefined;
    const form: ManifestForm = { format: this.oneIn(12) ? 'yaml' : 'json' };
    if (source === 'file') {
      form.write = this.pick(['rename', 'rename', 'inPlace', 'truncate', 'visibleTemp']);
      if (this.oneIn(8)) form.extension = this.pick(['.txt', '.yaml~', '.manifest', '']);
    } else if (this.oneIn(3)) {
      form.list = true;
    }
    return form;
  }
}

const startCalls: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'RunPodSandbox',
  'CreateContainer',
  'StartContainer',
  'ImageStatus',
  'PullImage',
  'PodSandboxStatus',
]);
const stopCalls: ReadonlySet<CriMethod> = new Set<CriMethod>([
  'StopContainer',
  'StopPodSandbox',
  'RemoveContainer',
  'RemovePodSandbox',
]);
