import type { Timer } from '../../core/clock.js';
import type { Workload } from '../../spec/plan.js';
import type {
  Container,
  ContainerConfig,
  ContainerFilter,
  ContainerStatus,
  PodSandbox,
  PodSandboxFilter,
  PodSandboxStatus,
} from '../../ports/cri.js';

/** A sandbox. Its messages are replaced, never changed, so lists can share them. */
export interface SandboxRecord {
  readonly id: string;
  item: PodSandbox;
  status: PodSandboxStatus;
  readonly logDirectory: string;
  readonly containers: Set<ContainerRecord>;
}

/** A container and what its workload is about to do. */
export interface ContainerRecord {
  readonly id: string;
  readonly sandbox: SandboxRecord;
  readonly workload: Workload;
  readonly config: ContainerConfig;
  readonly logPath: string;
  item: Container;
  status: ContainerStatus;
  startedAtMs: number;
  /** The exit that the workload comes to by itself. */
  ownExit: Timer | undefined;
  /** Under way since the first SIGTERM. */
  termination: { exitAtMs: number; exitCode: number; timer: Timer } | undefined;
  /** Called when it has ended. */
  readonly waiters: (() => void)[];
  /** Those who are attached, while there are any. */
  watchers?: Set<OutputWatcher>;
  /** Its standard input was closed by someone who was attached. */
  isDeaf?: boolean;
}

export type OutputName = 'stdout' | 'stderr';
export type OutputWatcher = (name: OutputName, text: string) => void;

export function matchesSandbox(item: PodSandbox, filter: PodSandboxFilter): boolean {
  if (filter.id !== undefined && filter.id !== '' && !item.id.startsWith(filter.id)) return false;
  if (filter.state != null && item.state !== filter.state.state) return false;
  return matchesLabels(item.labels, filter.labelSelector);
}

export function matchesContainer(item: Container, filter: ContainerFilter): boolean {
  if (filter.id !== undefined && filter.id !== '' && !item.id.startsWith(filter.id)) return false;
  if (filter.state != null && item.state !== filter.state.state) return false;
  if (
    filter.podSandboxId !== undefined &&
    filter.podSandboxId !== '' &&
    item.podSandboxId !== filter.podSandboxId
  )
    return false;
  return matchesLabels(item.labels, filter.labelSelector);
}

function matchesLabels(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector == null) return true;
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}
