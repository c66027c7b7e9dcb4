import type { Timer } from '../../core/clock.js';
import { podOf, renderManifest } from '../../spec/manifest.js';
import type { ManifestForm, PlanPod, Step } from '../../spec/plan.js';
import type { Pod } from '../../spec/pod.js';
import type { SourceContext, StepOutcome } from '../../ports/source.js';
import type { HeldFile } from '../../trace/events.js';
import { decodeManifest, garbageText, halfOf } from '../manifest-text.js';
import { applied, noOp } from '../step-outcome.js';
import { manifestFileName } from './manifest-file-name.js';

/** Where the directory really is. In sim nowhere: what {@link ManifestDirectory} holds is the directory. */
export interface DirectoryWriter {
  /** Whether writing in place is one instant. Otherwise the file is empty for a moment, which is journalled. */
  readonly writesAtOnce: boolean;
  /** Writes a dot-file and renames it over `name`. */
  replace(name: string, text: string): void;
  /** Writes into `name` itself, which may not exist yet. */
  overwrite(name: string, text: string): void;
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Sets the time of the last change. Without a name: of the directory. */
  touch(name: string | undefined): void;
  /** Leaves nothing at `name` that anyone could open. */
  makeUnreadable(name: string): void;
  /** A directory with this manifest in it, which nobody is to find. */
  makeDirectory(name: string, manifest: string): void;
}

/** How long a write that is not atomic takes, in milliseconds: half of it is there after half the time. */
const slowWriteMs = 20;

/** A manifest that a step has placed. */
interface Placed {
  readonly planPod: PlanPod;
  fileName: string;
  spec: number;
  uid: string | undefined;
  form: ManifestForm;
}

interface PendingWrite {
  readonly timer: Timer;
  /** Does what is left of the write at once. */
  readonly finish: () => void;
}

/**
 * The logic of the file source in both worlds: turns steps into operations on a directory, knows what is in
 * it, and journals each of its states as `source.held`.
 */
export class ManifestDirectory {
  private readonly planPods: ReadonlyMap<number, PlanPod>;
  /** The file of each slot, and those of its duplicates, oldest first. */
  private readonly placed = new Map<number, Placed>();
  private readonly copies = new Map<number, Placed[]>();
  private readonly pending = new Map<string, PendingWrite>();
  private readonly byName = new Map<string, HeldFile>();
  private sorted: readonly HeldFile[] = [];
  private lastRevision = 0;
  private ownNames = 0;

  constructor(
    private readonly context: SourceContext,
    private readonly writer: DirectoryWriter,
    private readonly onChange: () => void,
  ) {
    this.planPods = new Map(context.pods.map((pod) => [pod.slot, pod]));
  }

  /** What is in the directory, sorted by name; another array after each change. */
  get files(): readonly HeldFile[] {
    return this.sorted;
  }

  get revision(): number {
    return this.lastRevision;
  }

  file(name: string): HeldFile | undefined {
    return this.byName.get(name);
  }

  /** Journals the empty directory before anyone can look at it. */
  begin(): void {
    if (this.lastRevision === 0) this.journalHeld();
  }

  busy(): boolean {
    return this.pending.size > 0;
  }

  /** Finishes every write that is under way. */
  heal(): void {
    for (const write of this.pending.values()) write.finish();
  }

  /** Forgets every write that is under way. */
  close(): void {
    for (const write of this.pending.values()) write.timer.cancel();
    this.pending.clear();
  }

  apply(step: Step): StepOutcome {
    this.begin();
    switch (step.do) {
      case 'add':
        return this.add(step);
      case 'update':
        return this.rewrite(step.pod, step.spec, step.form);
      case 'reformat':
        return this.rewrite(step.pod, undefined, step.form);
      case 'remove':
        return this.remove(step.pod);
      case 'redeliver':
        return this.touch(step.pod);
      case 'malformed':
        return this.makeMalformed(step);
      case 'duplicate':
        return this.duplicate(step);
      case 'rename':
        return this.rename(step.pod);
      case 'noise':
        return this.addNoise(step);
      case 'outage':
        return noOp('a directory has no outages');
      default:
        return noOp(`the file source knows no ${step.do}`);
    }
  }

  private add(step: Extract<Step, { do: 'add' }>): StepOutcome {
    const planPod = this.planPods.get(step.pod);
    if (planPod === undefined) return noOp('there is no such pod');
    if (this.placed.has(step.pod)) return noOp('it is held already');
    const form = withExtension(step.form ?? {});
    const fileName = manifestFileName(planPod, form);
    const placed: Placed = { planPod, fileName, spec: step.spec, uid: planPod.identity.uid, form };
    this.placed.set(step.pod, placed);
    this.write(placed, form.write);
    return applied;
  }

  private rewrite(slot: number, spec: number | undefined, form: ManifestForm = {}): StepOutcome {
    const placed = this.finished(slot);
    if (placed === undefined) return noOp('it is not held');
    placed.spec = spec ?? placed.spec;
    // The file keeps its name, whatever is in it.
    const { extension } = placed.form;
    placed.form = withExtension({ ...placed.form, ...form, extension });
    this.write(placed, form.write);
    return applied;
  }

  /** The slot's own file goes first, then its duplicates in the order they came. */
  private remove(slot: number): StepOutcome {
    const copies = this.copies.get(slot);
    const placed = this.finished(slot) ?? copies?.shift();
    if (placed === undefined) return noOp('it is not held');
    if (this.placed.get(slot) === placed) this.placed.delete(slot);
    this.writer.remove(placed.fileName);
    this.byName.delete(placed.fileName);
    this.changed();
    return applied;
  }

  private touch(slot: number | undefined): StepOutcome {
    const placed = slot === undefined ? undefined : this.finished(slot);
    if (slot !== undefined && placed === undefined) return noOp('it is not held');
    this.writer.touch(placed?.fileName);
    this.onChange();
    return applied;
  }

  private makeMalformed(step: Extract<Step, { do: 'malformed' }>): StepOutcome {
    const placed = step.pod === undefined ? undefined : this.finished(step.pod);
    if (step.pod !== undefined && placed === undefined) return noOp('it is not held');
    if (step.unreadable === true) {
      this.makeUnreadable(placed?.fileName ?? this.ownName('unreadable', '.yaml'));
      return applied;
    }
    const decoded = step.text === undefined ? undefined : decodeManifest(step.text);
    // A file holds one pod; a list in it is a fault of the manifest.
    const pod = decoded?.valid === true && decoded.pods.length === 1 ? decoded.pods[0] : undefined;
    this.replace(placed?.fileName ?? this.ownName('garbage', '.yaml'), step.text ?? garbageText, pod);
    return applied;
  }

  private duplicate(step: Extract<Step, { do: 'duplicate' }>): StepOutcome {
    const original = this.finished(step.pod);
    if (original === undefined) return noOp('it is not held');
    const { planPod, form } = original;
    const fileName = manifestFileName(planPod, form, `copy-${++this.ownNames}`);
    const uid = step.uid ?? planPod.identity.uid;
    const copy: Placed = { planPod, fileName, spec: step.spec, uid, form };
    const copies = this.copies.get(step.pod);
    if (copies === undefined) this.copies.set(step.pod, [copy]);
    else copies.push(copy);
    this.write(copy, 'rename');
    return applied;
  }

  private rename(slot: number): StepOutcome {
    const placed = this.finished(slot);
    if (placed === undefined) return noOp('it is not held');
    const to = manifestFileName(placed.planPod, placed.form, `renamed-${++this.ownNames}`);
    this.move(placed.fileName, to);
    placed.fileName = to;
    return applied;
  }

  private addNoise(step: Extract<Step, { do: 'noise' }>): StepOutcome {
    const planPod = step.pod === undefined ? this.context.pods[0] : this.planPods.get(step.pod);
    const pod = planPod === undefined ? undefined : podOf(planPod, step.spec ?? 0);
    const text = pod === undefined ? garbageText : renderManifest(pod);
    const baseName = planPod === undefined ? 'noise.yaml' : manifestFileName(planPod, {});
    switch (step.what) {
      case 'dotFile':
        this.replace(`.${baseName}`, text, pod);
        break;
      case 'swapFile':
        this.replace(`.${baseName}.swp`, `b0VIM 9.0\0${text}`, undefined);
        break;
      case 'emptyFile':
        this.replace(this.ownName('empty', '.yaml'), '', undefined);
        break;
      case 'subdirectory': {
        const name = this.ownName('directory', '.d');
        this.writer.makeDirectory(name, text);
        this.byName.set(name, { name, type: 'directory', readable: true, text: '' });
        this.changed();
        break;
      }
    }
    return applied;
  }

  private write(placed: Placed, how: ManifestForm['write'] = 'rename'): void {
    const name = placed.fileName;
    const pod = podOf(placed.planPod, placed.spec, placed.uid);
    const text = renderManifest(pod, placed.form);
    switch (how) {
      case 'rename':
        this.replace(name, text, pod);
        return;
      case 'inPlace':
        if (!this.writer.writesAtOnce) this.overwrite(name, '', undefined);
        this.overwrite(name, text, pod);
        return;
      case 'truncate':
        this.overwrite(name, '', undefined);
        this.writeSlowly(name, text, pod);
        return;
      case 'visibleTemp':
        this.overwrite(`${name}.tmp`, text, pod);
        this.later(name, slowWriteMs, () => this.move(`${name}.tmp`, name));
        return;
    }
  }

  private writeSlowly(name: string, text: string, pod: Pod): void {
    const write = this.later(name, slowWriteMs, () => this.overwrite(name, text, pod));
    this.context.clock.after(slowWriteMs / 2, () => {
      if (this.pending.get(name) === write) this.overwrite(name, halfOf(text), undefined);
    });
  }

  private later(name: string, delayMs: number, action: () => void): PendingWrite {
    const finish = (): void => {
      this.pending.get(name)?.timer.cancel();
      this.pending.delete(name);
      action();
    };
    const write = { timer: this.context.clock.after(delayMs, finish), finish };
    this.pending.set(name, write);
    return write;
  }

  /** The slot's manifest, its write under way finished first: the next step then meets a whole file. */
  private finished(slot: number): Placed | undefined {
    const placed = this.placed.get(slot);
    if (placed !== undefined) this.pending.get(placed.fileName)?.finish();
    return placed;
  }

  private replace(name: string, text: string, pod: Pod | undefined): void {
    this.writer.replace(name, text);
    this.hold(name, text, pod);
  }

  private makeUnreadable(name: string): void {
    this.writer.makeUnreadable(name);
    this.byName.set(name, { name, type: 'file', readable: false, text: '' });
    this.changed();
  }

  private overwrite(name: string, text: string, pod: Pod | undefined): void {
    // Nobody can write into it either.
    if (this.byName.get(name)?.readable === false) this.writer.remove(name);
    this.writer.overwrite(name, text);
    this.hold(name, text, pod);
  }

  private hold(name: string, text: string, pod: Pod | undefined): void {
    const base = { name, type: 'file', readable: true, text } as const;
    this.byName.set(name, pod === undefined ? base : { ...base, pod });
    this.changed();
  }

  private move(from: string, to: string): void {
    this.writer.rename(from, to);
    const file = this.byName.get(from)!;
    this.byName.delete(from);
    this.byName.set(to, { ...file, name: to });
    this.changed();
  }

  private ownName(what: string, ending: string): string {
    return `${what}-${++this.ownNames}${ending}`;
  }

  private changed(): void {
    this.sorted = [...this.byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
    this.journalHeld();
    this.onChange();
  }

  private journalHeld(): void {
    const pods: Pod[] = [];
    for (const file of this.sorted) {
      if (file.pod !== undefined && isDiscoverable(file)) pods.push(file.pod);
    }
    this.context.journal.record({
      kind: 'source.held',
      actor: 'source:file',
      source: 'file',
      revision: ++this.lastRevision,
      pods,
      files: this.sorted,
    });
  }
}

/** Whether this is a manifest by its name and type (FILE-01). */
export function isDiscoverable(file: HeldFile): boolean {
  return file.type === 'file' && !file.name.startsWith('.');
}

function withExtension(form: ManifestForm): ManifestForm {
  return { ...form, extension: form.extension ?? form.format ?? 'yaml' };
}
