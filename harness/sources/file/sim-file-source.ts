import type { Step } from '../../spec/plan.js';
import type { DirectoryEntry, FilePort } from '../../ports/agent.js';
import type { Life, SimSource, SourceContext, StepOutcome } from '../../ports/source.js';
import type { HeldFile } from '../../trace/events.js';
import { ManifestDirectory, type DirectoryWriter } from './manifest-directory.js';
import { SimFilePort } from './sim-file-port.js';

/** How long a directory notification is on its way, in milliseconds. */
const notificationMs = 2;

/** The file source in sim: a directory that exists in memory only. */
export function createSimFileSource(context: SourceContext): SimSource<FilePort> {
  return new SimFileSource(context);
}

const nowhere: DirectoryWriter = {
  writesAtOnce: true,
  replace() {},
  overwrite() {},
  rename() {},
  remove() {},
  touch() {},
  makeUnreadable() {},
  makeDirectory() {},
};

class SimFileSource implements SimSource<FilePort> {
  readonly kind = 'file';
  private readonly directory: ManifestDirectory;
  private ports: SimFilePort[] = [];
  private listed: readonly HeldFile[] | undefined;
  private listing: readonly DirectoryEntry[] = [];

  constructor(private readonly context: SourceContext) {
    this.directory = new ManifestDirectory(context, nowhere, () => this.notify());
  }

  apply(step: Step): StepOutcome {
    return this.directory.apply(step);
  }

  heal(): void {
    this.directory.heal();
  }

  busy(): boolean {
    return this.directory.busy();
  }

  port(life: Life): FilePort {
    this.directory.begin();
    this.ports = this.ports.filter((port) => port.life.alive);
    const port = new SimFilePort(this.context, this.directory, life, () => this.entries());
    this.ports.push(port);
    return port;
  }

  /** The entries as the port lists them, made once per state of the directory. */
  private entries(): readonly DirectoryEntry[] {
    if (this.listed !== this.directory.files) {
      this.listed = this.directory.files;
      this.listing = this.listed.map(({ name, type }) => ({ name, type }));
    }
    return this.listing;
  }

  private notify(): void {
    for (const port of this.ports) {
      if (!port.life.alive || !port.isWatched()) continue;
      const delayMs = notificationMs + this.context.disturbances.deliveryDelayMs('file');
      this.context.clock.after(delayMs, () => port.notify());
    }
  }
}
