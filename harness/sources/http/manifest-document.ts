import { podOf, renderManifest } from '../../spec/manifest.js';
import type { ManifestForm, PlanPod, Step } from '../../spec/plan.js';
import type { Pod } from '../../spec/pod.js';
import type { SourceContext, StepOutcome } from '../../ports/source.js';
import { decodeManifest, garbageText } from '../manifest-text.js';
import { applied, noOp } from '../step-outcome.js';

/** The document behind the URL at one time. */
export interface DocumentState {
  readonly revision: number;
  readonly heldAtMs: number;
  readonly text: string;
  readonly pods: readonly Pod[];
  readonly valid: boolean;
}

interface Entry {
  readonly planPod: PlanPod;
  spec: number;
  readonly uid: string | undefined;
}

/** How many earlier documents can be served as stale. */
const historyMax = 64;

/**
 * The logic of the HTTP source in both worlds: one document with the pods that the steps put there, journalled
 * as `source.held` whenever its text changes.
 */
export class ManifestDocument {
  private readonly planPods: ReadonlyMap<number, PlanPod>;
  /** In the order in which the document lists them. */
  private entries: Entry[] = [];
  private lastForm: ManifestForm = {};
  private readonly history: DocumentState[] = [];
  private lastRevision = 0;
  private isOut = false;

  constructor(private readonly context: SourceContext) {
    this.planPods = new Map(context.pods.map((pod) => [pod.slot, pod]));
  }

  /** How the document was written last. */
  get form(): ManifestForm {
    return this.lastForm;
  }

  get current(): DocumentState {
    this.begin();
    return this.history.at(-1)!;
  }

  /** The document as it was `ageMs` ago, or the oldest known. */
  asOf(ageMs: number): DocumentState {
    const atMs = this.context.clock.now() - ageMs;
    const latest = this.current;
    return this.history.findLast((state) => state.heldAtMs <= atMs) ?? this.history[0] ?? latest;
  }

  /** Whether connections are refused. */
  get outage(): boolean {
    return this.isOut;
  }

  /** Journals the empty document before anyone can ask for it. */
  begin(): void {
    if (this.lastRevision === 0) this.publish();
  }

  /** The server can be reached again, and a malformed document is put right. */
  heal(): void {
    this.isOut = false;
    if (!this.current.valid) this.publish();
  }

  apply(step: Step): StepOutcome {
    this.begin();
    switch (step.do) {
      case 'add':
        return this.add(step);
      case 'update':
        return this.update(step);
      case 'remove':
        return this.remove(step.pod);
      case 'reformat':
        if (this.find(step.pod) === undefined) return noOp('it is not held');
        return this.publish(step.form);
      case 'redeliver':
        return this.current.valid ? noOp('every poll delivers the document again') : this.publish();
      case 'malformed':
        return this.makeMalformed(step.pod, step.text);
      case 'duplicate': {
        const original = this.find(step.pod);
        if (original === undefined) return noOp('it is not held');
        this.entries.push({ ...original, spec: step.spec, uid: step.uid ?? original.uid });
        return this.publish();
      }
      case 'outage':
        if (this.isOut === (step.phase === 'begin')) return noOp(`there is no outage to ${step.phase}`);
        this.isOut = step.phase === 'begin';
        return applied;
      default:
        return noOp(`the HTTP source knows no ${step.do}`);
    }
  }

  private add(step: Extract<Step, { do: 'add' }>): StepOutcome {
    const planPod = this.planPods.get(step.pod);
    if (planPod === undefined) return noOp('there is no such pod');
    if (this.find(step.pod) !== undefined) return noOp('it is held already');
    this.entries.push({ planPod, spec: step.spec, uid: planPod.identity.uid });
    return this.publish(step.form);
  }

  private update(step: Extract<Step, { do: 'update' }>): StepOutcome {
    const entry = this.find(step.pod);
    if (entry === undefined) return noOp('it is not held');
    entry.spec = step.spec;
    return this.publish(step.form);
  }

  /** The slot's first entry goes; its duplicates stay until they are removed in turn. */
  private remove(slot: number): StepOutcome {
    const entry = this.find(slot);
    if (entry === undefined) return noOp('it is not held');
    this.entries = this.entries.filter((other) => other !== entry);
    return this.publish();
  }

  /** Without a pod the whole text is garbage, with one its entry in the list is an invalid pod. */
  private makeMalformed(slot: number | undefined, text: string | undefined): StepOutcome {
    if (text !== undefined) {
      const decoded = text === '' ? { pods: [], valid: true } : decodeManifest(text);
      return this.hold({ text, ...decoded });
    }
    if (slot === undefined) return this.hold({ text: garbageText, pods: [], valid: false });
    const spoiled = this.find(slot);
    if (spoiled === undefined) return noOp('it is not held');
    const listed = this.entries.map((entry) =>
      entry === spoiled ? withoutContainers(entry) : podOfEntry(entry),
    );
    const pods = this.entries.filter((entry) => entry !== spoiled).map(podOfEntry);
    return this.hold({ text: renderPods(listed, this.lastForm), pods, valid: false });
  }

  private find(slot: number): Entry | undefined {
    return this.entries.find((entry) => entry.planPod.slot === slot);
  }

  private publish(form: ManifestForm = {}): StepOutcome {
    this.lastForm = { ...this.lastForm, ...form };
    const pods = this.entries.map(podOfEntry);
    return this.hold({ text: renderPods(pods, this.lastForm), pods, valid: true });
  }

  private hold(content: Pick<DocumentState, 'text' | 'pods' | 'valid'>): StepOutcome {
    if (this.history.at(-1)?.text === content.text) return noOp('the document says that already');
    const state = { revision: ++this.lastRevision, heldAtMs: this.context.clock.now(), ...content };
    this.history.push(state);
    if (this.history.length > historyMax) this.history.shift();
    this.context.journal.record({
      kind: 'source.held',
      actor: 'source:http',
      source: 'http',
      revision: state.revision,
      pods: state.pods,
      document: state.text,
      valid: state.valid,
    });
    return applied;
  }
}

function podOfEntry(entry: Entry): Pod {
  return podOf(entry.planPod, entry.spec, entry.uid);
}

function withoutContainers(entry: Entry): Pod {
  const pod = podOfEntry(entry);
  return { ...pod, spec: { ...pod.spec, containers: [] } };
}

/** No pods: a PodList without items when the form asks for lists, else nothing at all. */
function renderPods(pods: readonly Pod[], form: ManifestForm): string {
  if (pods.length === 1 && form.list !== true) return renderManifest(pods[0]!, form);
  if (pods.length === 0 && form.list !== true) return '';
  return renderManifest({ pods }, form);
}
