import type { RuntimeBackend } from '../ports/runtime.js';
import type { StepOutcome } from '../ports/source.js';
import type { Step } from '../spec/plan.js';
import type { PodSlots } from './pod-slots.js';
import type { RuntimeBoundary } from './runtime-boundary.js';

type RuntimeStep = Extract<Step, { do: 'exitContainer' | 'damage' | 'removeImage' | 'runtime' }>;

export interface RuntimeUnderSteps {
  readonly backend: RuntimeBackend;
  readonly boundary: RuntimeBoundary;
  readonly slots: PodSlots;
}

/** What a step does to the runtime behind the agent's back. Total: what finds nothing to do is a no-op. */
export function applyRuntimeStep(step: RuntimeStep, runtime: RuntimeUnderSteps): StepOutcome {
  const { backend, boundary } = runtime;
  switch (step.do) {
    case 'exitContainer': {
      const id = findContainer(step.pod, step.container, runtime);
      if (id === undefined) return { applied: false, why: 'no such container is running' };
      void backend.exitContainer(id, step.code);
      break;
    }
    case 'damage': {
      const { pod, container, how } = step;
      const id = container === undefined ? findSandbox(pod, runtime) : findContainer(pod, container, runtime);
      if (id === undefined) return { applied: false, why: 'no such thing is running' };
      if (container !== undefined)
        void (how === 'kill' ? backend.killContainer(id) : backend.removeContainer(id));
      else void (how === 'kill' ? backend.stopSandbox(id) : backend.removeSandbox(id));
      break;
    }
    case 'removeImage':
      void backend.removeImage(step.image);
      break;
    case 'runtime': {
      const { how } = step;
      const ready = how === 'ready' || how === 'networkReady' || how === 'restart';
      if (how === 'restart') boundary.heal();
      backend.setConditions({
        runtimeReady: ready || how === 'networkNotReady',
        networkReady: ready || how === 'notReady',
      });
    }
  }
  return { applied: true };
}

function findContainer(
  slot: number,
  name: string,
  { boundary, slots }: RuntimeUnderSteps,
): string | undefined {
  for (const container of boundary.view.containers()) {
    if (container.state !== 'running' || container.name !== name) continue;
    if (
      slots.of({ uid: container.podUid, namespace: container.podNamespace, name: container.podName }) === slot
    )
      return container.id;
  }
  return undefined;
}

function findSandbox(slot: number, { boundary, slots }: RuntimeUnderSteps): string | undefined {
  for (const sandbox of boundary.view.sandboxes()) {
    if (sandbox.state !== 'ready') continue;
    if (slots.of({ uid: sandbox.podUid, namespace: sandbox.podNamespace, name: sandbox.podName }) === slot)
      return sandbox.id;
  }
  return undefined;
}
