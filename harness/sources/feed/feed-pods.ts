import { podOf } from '../../spec/manifest.js';
import type { PlanPod, Step } from '../../spec/plan.js';
import type { Pod } from '../../spec/pod.js';
import type { FeedUpdate } from '../../ports/agent.js';
import type { SourceContext, StepOutcome } from '../../ports/source.js';
import { applied, noOp } from '../step-outcome.js';

/** A change, or a list delivered again, as all subscriptions are to be told. */
export interface FeedChange {
  /** Of `source.held`. */
  readonly heldRevision: number;
  readonly type: FeedUpdate['type'];
  readonly pods: readonly Pod[];
  /** Whose change it is, when several plans share the feed. */
  readonly context?: SourceContext;
  /** What each plan is to see of it, when it concerns others too. */
  readonly shares?: readonly FeedShare[];
}

/** What one of several plans sees of a message. */
export interface FeedShare {
  readonly context: SourceContext;
  readonly heldRevision: number;
  readonly pods: readonly Pod[];
}

interface Entry {
  readonly slot: number;
  readonly planPod: PlanPod;
  readonly uid: string;
  pod: Pod;
}

export interface FeedPodsOptions {
  /** What the clock's 0 is, in milliseconds since the epoch: for deletion timestamps. */
  readonly epochMs: number;
  readonly onChange: (change: FeedChange) => void;
  /** An outage began (true) or ended. */
  readonly onOutage: (isOut: boolean) => void;
  /** Ends the UIDs that the feed gives, when other plans use the same feed. */
  readonly uidEnding?: string;
}

/**
 * The logic of the feed in both worlds: the list of pods that the steps make, journalled as `source.held`. A
 * pod deleted gracefully stays listed with its deletionTimestamp until a `remove`, or heal: over the feed
 * the agent has no way to say that it is done.
 */
export class FeedPods {
  private readonly planPods: ReadonlyMap<number, PlanPod>;
  private entries: Entry[] = [];
  private lastRevision = 0;
  private copies = 0;
  private isOut = false;
  private snapshot: FeedChange | undefined;

  constructor(
    private readonly context: SourceContext,
    private readonly options: FeedPodsOptions,
  ) {
    this.planPods = new Map(context.pods.map((pod) => [pod.slot, pod]));
  }

  get outage(): boolean {
    return this.isOut;
  }

  /** Journals the empty list before anyone can subscribe. */
  begin(): void {
    if (this.lastRevision === 0) this.journalHeld();
  }

  /** The whole list: the first message of a subscription. */
  current(): FeedChange {
    this.begin();
    return (this.snapshot ??= {
      heldRevision: this.lastRevision,
      type: 'SNAPSHOT',
      pods: this.entries.map((entry) => entry.pod),
    });
  }

  heal(): void {
    if (this.isOut) this.setOutage(false);
    const deleted = this.entries.filter((entry) => entry.pod.metadata.deletionTimestamp !== undefined);
    for (const entry of deleted) this.drop(entry);
  }

  apply(step: Step): StepOutcome {
    this.begin();
    switch (step.do) {
      case 'add':
        return this.add(step.pod, step.spec, undefined);
      case 'duplicate':
        return this.duplicate(step);
      case 'update':
        return this.update(step);
      case 'remove': {
        const entry = this.find(step.pod);
        if (entry === undefined) return noOp('it is not held');
        this.drop(entry);
        return applied;
      }
      case 'delete':
        return this.delete(step);
      case 'redeliver': {
        if (step.pod === undefined) {
          this.options.onChange(this.current());
          return applied;
        }
        const entry = this.find(step.pod);
        if (entry === undefined) return noOp('it is not held');
        this.tell('UPDATE', entry.pod);
        return applied;
      }
      case 'outage':
        if (this.isOut === (step.phase === 'begin')) return noOp(`there is no outage to ${step.phase}`);
        this.setOutage(step.phase === 'begin');
        return applied;
      default:
        return noOp(`the feed knows no ${step.do}`);
    }
  }

  private add(slot: number, spec: number, uid: string | undefined): StepOutcome {
    const planPod = this.planPods.get(slot);
    if (planPod === undefined) return noOp('there is no such pod');
    const entryUid = uid ?? planPod.identity.uid ?? `${defaultUid(slot)}${this.options.uidEnding ?? ''}`;
    if (this.entries.some((entry) => entry.uid === entryUid)) return noOp('its UID is held already');
    const entry: Entry = { slot, planPod, uid: entryUid, pod: podOf(planPod, spec, entryUid) };
    this.entries.push(entry);
    this.journalHeld();
    this.tell('ADD', entry.pod);
    return applied;
  }

  private duplicate(step: Extract<Step, { do: 'duplicate' }>): StepOutcome {
    const original = this.find(step.pod);
    if (original === undefined) return noOp('it is not held');
    return this.add(step.pod, step.spec, step.uid ?? `${original.uid.slice(0, 48)}-copy-${++this.copies}`);
  }

  private update(step: Extract<Step, { do: 'update' }>): StepOutcome {
    const entry = this.find(step.pod);
    if (entry === undefined) return noOp('it is not held');
    const pod = podOf(entry.planPod, step.spec, entry.uid);
    const { deletionTimestamp, deletionGracePeriodSeconds } = entry.pod.metadata;
    entry.pod =
      deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined
        ? pod
        : withDeletion(pod, deletionTimestamp, deletionGracePeriodSeconds);
    this.journalHeld();
    this.tell('UPDATE', entry.pod);
    return applied;
  }

  /** As in the Kubernetes API: the timestamp is the end of the grace period, and it only ever gets shorter. */
  private delete(step: Extract<Step, { do: 'delete' }>): StepOutcome {
    const entry = this.find(step.pod);
    if (entry === undefined) return noOp('it is not held');
    const graceS = step.graceS ?? entry.pod.spec.terminationGracePeriodSeconds ?? 30;
    const earlierS = entry.pod.metadata.deletionGracePeriodSeconds;
    if (earlierS !== undefined && graceS >= earlierS) return noOp('it is being deleted already');
    const endMs = this.options.epochMs + this.context.clock.now() + graceS * 1000;
    const timestamp = `${new Date(endMs).toISOString().slice(0, 19)}Z`;
    entry.pod = withDeletion(entry.pod, timestamp, graceS);
    this.journalHeld();
    this.tell('DELETE', entry.pod);
    return applied;
  }

  private drop(entry: Entry): void {
    this.entries = this.entries.filter((other) => other !== entry);
    this.journalHeld();
    this.tell('REMOVE', entry.pod);
  }

  private find(slot: number): Entry | undefined {
    return this.entries.find((entry) => entry.slot === slot);
  }

  private setOutage(isOut: boolean): void {
    this.isOut = isOut;
    this.options.onOutage(isOut);
  }

  private tell(type: FeedUpdate['type'], pod: Pod): void {
    this.options.onChange({ heldRevision: this.lastRevision, type, pods: [pod] });
  }

  private journalHeld(): void {
    this.snapshot = undefined;
    this.context.journal.record({
      kind: 'source.held',
      actor: 'source:feed',
      source: 'feed',
      revision: ++this.lastRevision,
      pods: this.entries.map((entry) => entry.pod),
    });
  }
}

/** Pods of the feed are known by their UID; one that the plan gives none gets the same in every run. */
function defaultUid(slot: number): string {
  return `feed0000-0000-4000-8000-${String(slot).padStart(12, '0')}`;
}

function withDeletion(pod: Pod, deletionTimestamp: string, deletionGracePeriodSeconds: number): Pod {
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } };
}
