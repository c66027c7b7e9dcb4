import type { Prng } from '../core/prng.js';
import type { PlanContainer, PlanSpec, Workload } from '../spec/plan.js';
import type { WorkloadKind } from './suite.js';

/** What specs may be made of. */
export interface SpecOptions {
  readonly prng: Prng;
  readonly live: boolean;
  readonly workload: WorkloadKind;
  /** Which init container it is to have: one that fails always, one that takes long enough to be ended, a sidecar. */
  readonly init?: InitKind | undefined;
  /** Whether the agent declares this feature. */
  readonly can: (feature: string) => boolean;
}

/** Init containers that a history asks for. `lasts`: it succeeds, late enough to be made to fail before. */
export type InitKind = 'fails' | 'lasts' | 'sidecar';

/** The images of the workload; they differ in nothing but their name. */
export const workloadImages = [
  'conformance/workload:v1',
  'conformance/workload:v2',
  'conformance/workload:v3',
] as const;

/** The first version of a pod. */
export function drawSpec(options: SpecOptions): PlanSpec {
  const { prng, live, can, workload } = options;
  const oneIn = (count: number): boolean => prng.int(1, count) === 1;
  const main: PlanContainer = { name: 'main', image: drawImage(prng), workload: drawWorkload(options) };
  if (can('pre-stop') && oneIn(14)) main.preStopMs = live ? prng.int(50, 600) : prng.int(50, 1_500);
  if (can('image-pull') && oneIn(12)) main.pullPolicy = oneIn(2) ? 'Always' : 'IfNotPresent';
  const containers = [main];
  // Beside what takes its time to stop another container shows whether both are stopped at once.
  const isSlow = workload === 'ignoresTerm' || workload === 'stopsSlowly';
  if (oneIn(isSlow ? 2 : 5)) containers.push({ name: 'side', image: drawImage(prng), workload: {} });
  const spec: PlanSpec = {
    restartPolicy: drawPolicy(prng, workload, can('restart-policy')),
    graceS: pick(prng, live ? [0, 1, 1, 5] : [0, 1, 1, 2, 2, 3, 5]),
    containers,
  };
  if (oneIn(4)) spec.labels = { app: `a${prng.int(0, 9)}` };
  if (can('host-network') && oneIn(12)) spec.hostNetwork = true;
  const init = drawInitContainers(options);
  if (init.length > 0) spec.initContainers = init;
  return spec;
}

/**
 * Another version of a pod. With `onlyMutable` it changes only what an API server lets anyone change in a
 * running pod: images, labels and annotations.
 */
export function drawEdit(prng: Prng, from: PlanSpec, onlyMutable: boolean): PlanSpec {
  const kind = prng.int(0, onlyMutable ? 5 : 9);
  switch (kind) {
    case 0:
      return { ...from, labels: { ...from.labels, edit: String(prng.int(0, 99)) } };
    case 1:
      return { ...from, annotations: { ...from.annotations, note: String(prng.int(0, 99)) } };
    case 2:
    case 3:
    case 4:
    case 5: {
      const index = prng.int(0, from.containers.length - 1);
      return withContainer(from, index, { image: nextImage(prng, from.containers[index]!.image) });
    }
    case 6:
      return { ...from, graceS: (from.graceS + prng.int(1, 3)) % 6 };
    default: {
      const index = prng.int(0, from.containers.length - 1);
      const workload = { ...from.containers[index]!.workload, mark: `m${prng.int(0, 999)}` };
      return withContainer(from, index, { workload });
    }
  }
}

function withContainer(spec: PlanSpec, index: number, change: Partial<PlanContainer>): PlanSpec {
  return {
    ...spec,
    containers: spec.containers.map((container, at) =>
      at === index ? { ...container, ...change } : container,
    ),
  };
}

function drawImage(prng: Prng): string {
  return pick(prng, workloadImages);
}

function nextImage(prng: Prng, image: string): string {
  return pick(
    prng,
    workloadImages.filter((candidate) => candidate !== image),
  );
}

function drawWorkload({ prng, live, workload }: SpecOptions): Workload {
  const runMs = live ? prng.int(60, 400) : prng.int(200, 4_000);
  switch (workload) {
    case 'plain':
      return prng.int(1, 3) === 1 ? { mark: `m${prng.int(0, 999)}` } : {};
    case 'completes':
      return { runMs, exitCode: 0 };
    case 'crashes':
      return { runMs, exitCode: pick(prng, [1, 2, 137, 255]) };
    case 'ignoresTerm':
      return { ignoreTerm: true };
    case 'stopsSlowly':
      return { stopMs: live ? prng.int(50, 700) : prng.int(200, 4_000) };
  }
}

function drawPolicy(prng: Prng, workload: WorkloadKind, canRestart: boolean): PlanSpec['restartPolicy'] {
  if (!canRestart) return 'Never';
  switch (workload) {
    case 'completes':
      return pick(prng, ['Always', 'OnFailure', 'OnFailure', 'Never', 'Never']);
    case 'crashes':
      return pick(prng, ['Always', 'Always', 'OnFailure', 'Never']);
    case 'plain':
    case 'ignoresTerm':
    case 'stopsSlowly':
      return pick(prng, ['Always', 'Always', 'Always', 'OnFailure', 'Never']);
  }
}

function drawInitContainers({ prng, live, can, init }: SpecOptions): PlanContainer[] {
  const draw = prng.int(1, 100);
  const isPlain = init === undefined ? draw <= 5 : init !== 'sidecar';
  if (isPlain && can('init-containers')) {
    const shortMs = live ? prng.int(10, 100) : prng.int(50, 1_000);
    const longMs = live ? prng.int(200, 500) : prng.int(3_000, 8_000);
    const runMs = init === 'lasts' ? longMs : shortMs;
    const exitCode = init === 'fails' ? pick(prng, [1, 2, 137]) : 0;
    const inits = [{ name: 'init', image: drawImage(prng), workload: { runMs, exitCode } }];
    // Another one shows whether they keep their order.
    const other = { name: 'setup', image: drawImage(prng), workload: { runMs: shortMs, exitCode: 0 } };
    const place = prng.int(1, 6);
    return place === 1 ? [other, ...inits] : place === 2 ? [...inits, other] : inits;
  }
  if ((draw >= 94 || init === 'sidecar') && can('sidecars')) {
    const sidecar = (name: string): PlanContainer => ({
      name,
      image: drawImage(prng),
      workload: {},
      sidecar: true,
    });
    return draw >= 96 ? [sidecar('helper'), sidecar('proxy')] : [sidecar('helper')];
  }
  return [];
}

/** One of these, each as likely as it stands there. */
export function pick<Value>(prng: Prng, values: readonly Value[]): Value {
  return values[prng.int(0, values.length - 1)]!;
}
