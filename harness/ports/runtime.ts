import type { CriMethod } from '../spec/plan.js';
import type { ContainerChanged, ImageChanged, SandboxChanged } from '../trace/events.js';
import type { ContainerEvent, CriRequest, CriResult } from './cri.js';

export type RuntimeChange = SandboxChanged | ContainerChanged | ImageChanged;

/** What a runtime tells the harness as it happens. */
export interface RuntimeObserver {
  /** A state changed; called at the moment of the change, in its order. */
  onChange(change: RuntimeChange): void;
  /** For the agent's GetContainerEvents stream. */
  onEvent(event: ContainerEvent): void;
  /** A real runtime has answered nobody for so many milliseconds, until now. */
  onStall?(ms: number): void;
}

/**
 * What stands behind the CRI: simulated containers (`memory`), Docker (`docker`), or another CRI runtime
 * (`cri`). It knows nothing of plans and faults: the interceptor in `run/` puts those before it.
 * All of them pass `runtimes/contract.ts`.
 */
export interface RuntimeBackend {
  readonly name: 'memory' | 'docker' | 'cri';
  /**
   * Executes one call and answers exactly once, at the time of the effect: a StopContainer answers when the
   * container has ended. Never throws: refusals are results. Memory answers before `invoke` returns wherever
   * the effect takes no time.
   */
  invoke<Method extends CriMethod>(
    method: Method,
    request: CriRequest<Method>,
    reply: (result: CriResult) => void,
  ): void;
  /** From outside the agent's control. Resolves false when there is no such running container or object. */
  exitContainer(containerId: string, exitCode: number): Promise<boolean>;
  killContainer(containerId: string): Promise<boolean>;
  removeContainer(containerId: string): Promise<boolean>;
  stopSandbox(sandboxId: string): Promise<boolean>;
  removeSandbox(sandboxId: string): Promise<boolean>;
  removeImage(image: string): Promise<boolean>;
  /** What Status answers from now on. */
  setConditions(conditions: { readonly runtimeReady: boolean; readonly networkReady: boolean }): void;
  /** Removes everything this backend made. Never touches anything else. */
  close(): Promise<void>;
}
