import type { DirectoryEntry, FilePort } from '../../ports/agent.js';
import type { Life, SourceContext } from '../../ports/source.js';
import type { HeldFile } from '../../trace/events.js';
import type { Pod } from '../../spec/pod.js';
import { isDiscoverable, type ManifestDirectory } from './manifest-directory.js';

/** How long listing the directory, and reading a file, takes, in milliseconds. */
const accessMs = 1;

/** Where agents in sim find their manifests; part of the identity of file pods. */
const simManifestPath = '/etc/manifests';

/**
 * The directory as one life of the agent sees it. A listing and the reads after it make one look at the
 * directory; when all manifests of the listing are read it is journalled as one `source.served`, unless it
 * showed the same state as the look before.
 */
export class SimFilePort implements FilePort {
  readonly path = simManifestPath;
  private readonly watchers = new Set<() => void>();
  /** The look under way. `look` numbers them, so that late reads are not taken for the next look's. */
  private look = 0;
  private expected: ReadonlySet<string> = new Set();
  private expectedOf: readonly HeldFile[] | undefined;
  private lookRevision = 0;
  private isMixed = false;
  private isOpen = false;
  private readonly reads = new Map<string, HeldFile | undefined>();
  /** The state that this life was shown last, when it was shown it whole. */
  private shownRevision: number | undefined;

  constructor(
    private readonly context: SourceContext,
    private readonly directory: ManifestDirectory,
    readonly life: Life,
    private readonly entries: () => readonly DirectoryEntry[],
  ) {}

  list(): Promise<readonly DirectoryEntry[]> {
    return this.access((resolve) => {
      this.beginLook();
      resolve(this.entries());
    });
  }

  read(name: string): Promise<string> {
    const look = this.look;
    return this.access((resolve, reject) => {
      const file = this.directory.file(name);
      if (look === this.look) this.noteRead(name, file);
      if (file === undefined) reject(fileError('ENOENT', name));
      else if (file.type === 'directory') reject(fileError('EISDIR', name));
      else if (!file.readable) reject(fileError('ELOOP', name));
      else resolve(file.text);
    });
  }

  watch(onChange: () => void): { close(): void } {
    // Wrapped, so that one function given twice makes two watches.
    const watcher = (): void => onChange();
    this.watchers.add(watcher);
    return { close: () => this.watchers.delete(watcher) };
  }

  isWatched(): boolean {
    return this.watchers.size > 0;
  }

  notify(): void {
    if (!this.life.alive) return;
    // A copy: a watcher may open another.
    const watchers = [...this.watchers];
    for (const watcher of watchers) watcher();
  }

  private access<Value>(
    perform: (resolve: (value: Value) => void, reject: (error: Error) => void) => void,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.context.clock.after(accessMs, () => {
        if (this.life.alive) perform(resolve, reject);
      });
    });
  }

  private beginLook(): void {
    if (this.isOpen && this.reads.size > 0) this.endLook();
    this.look++;
    this.isOpen = true;
    this.isMixed = false;
    this.lookRevision = this.directory.revision;
    this.reads.clear();
    if (this.expectedOf !== this.directory.files) {
      this.expectedOf = this.directory.files;
      this.expected = new Set(this.expectedOf.filter(isDiscoverable).map((file) => file.name));
    }
    if (this.expected.size === 0) this.endLook();
  }

  private noteRead(name: string, file: HeldFile | undefined): void {
    if (!this.isOpen || !this.expected.has(name)) return;
    this.reads.set(name, file);
    if (this.directory.revision !== this.lookRevision) {
      this.lookRevision = this.directory.revision;
      this.isMixed = true;
    }
    if (this.reads.size === this.expected.size) this.endLook();
  }

  /** A manifest that was listed but not read counts among the bad: the agent cannot know what it says. */
  private endLook(): void {
    this.isOpen = false;
    const isWhole = !this.isMixed && this.reads.size === this.expected.size;
    if (isWhole && this.shownRevision === this.lookRevision) return;
    this.shownRevision = isWhole ? this.lookRevision : undefined;
    const pods: Pod[] = [];
    const names: string[] = [];
    const bad: string[] = [];
    for (const name of this.expected) {
      const pod = this.reads.get(name)?.pod;
      if (pod === undefined) bad.push(name);
      else {
        pods.push(pod);
        names.push(name);
      }
    }
    const isPartial = bad.length > 0;
    this.context.journal.record({
      kind: 'source.served',
      actor: 'source:file',
      source: 'file',
      revision: this.lookRevision,
      outcome: isPartial ? 'partial' : 'list',
      pods,
      ...(this.isMixed ? { names } : {}),
      ...(isPartial ? { bad } : {}),
    });
  }
}

const fileErrors = {
  ENOENT: 'no such file or directory',
  EISDIR: 'illegal operation on a directory',
  ELOOP: 'too many symbolic links encountered',
};

function fileError(code: keyof typeof fileErrors, name: string): Error {
  return Object.assign(new Error(`${code}: ${fileErrors[code]}, open '${simManifestPath}/${name}'`), {
    code,
  });
}
