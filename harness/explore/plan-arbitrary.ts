import fc from 'fast-check';
import { createPrng } from '../core/prng.js';
import { planVersion, type Plan } from '../spec/plan.js';
import {
  fastTimings,
  kubeletTimings,
  liveTimings,
  slowResyncTimings,
  type Timings,
} from '../spec/timings.js';
import { PlanDraft } from './draft.js';
import { isBrief } from './paces.js';
import { patternNeeds, patterns } from './patterns/index.js';
import { drawSchedule } from './schedule.js';
import { shapeArbitrary, type Shape } from './shape.js';
import { defaultWorkloads, workloadKinds, type GenerateOptions, type Suite } from './suite.js';

/** Plans of a suite. Their `seed` is filled in by `generateCase`. */
export function planArbitrary(suite: Suite, options: GenerateOptions): fc.Arbitrary<Plan> {
  return shapeArbitrary(suite, options).map((shape) => writePlan(suite, options, shape));
}

function writePlan(suite: Suite, options: GenerateOptions, shape: Shape): Plan {
  const prng = createPrng(String(shape.detailSeed));
  const timings = options.timings ?? timingsOf(shape);
  const isLive = options.profile === 'live';
  const live = isLive && isBrief(timings);
  const weights = suite.workloads ?? defaultWorkloads;
  const draft = new PlanDraft({
    prng,
    sources: shape.sources,
    timings,
    live,
    podsMax: isLive ? Math.min(3, suite.podsMax ?? 3) : (suite.podsMax ?? 4),
    workloads: workloadKinds.flatMap((kind) => Array.from({ length: weights[kind] ?? 0 }, () => kind)),
    without: shape.without,
    can: (feature) => options.features === undefined || options.features.includes(feature),
  });
  open(draft);
  // Every snippet adds a step unless swarm flags empty it, so that twice the steps is ample.
  for (let turn = 0; turn < 2 * shape.stepCount; turn++) {
    if (draft.steps.length >= shape.stepCount || draft.elapsedMs >= chaosMaxMs(options, timings, shape))
      break;
    const name = shape.patterns[turn % shape.patterns.length]!;
    const needed = patternNeeds[name];
    const fits = needed === undefined || draft.has(needed);
    patterns[fits ? name : 'churn'](draft);
  }
  if (draft.oneIn(6)) draft.step({ do: 'settle' });
  return {
    plan: planVersion,
    seed: '',
    suite: suite.name,
    setup: {
      sources: [...shape.sources],
      timings: { ...timings },
      pods: draft.pods.map(({ slot, identity, specs }) => ({ slot, identity, specs })),
    },
    steps: draft.steps,
    faults: draft.faults,
    schedule:
      shape.scheduler === 'none'
        ? []
        : drawSchedule(shape.scheduler, {
            prng,
            slots: draft.pods.map((pod) => pod.slot),
            sources: shape.sources,
            delayMaxMs: live ? 150 : 3_000,
          }),
  };
}

/** A plan that has waited this long gets no more snippets: `live` runs on a real clock. */
function chaosMaxMs({ profile }: GenerateOptions, timings: Timings, { stepCount }: Shape): number {
  if (profile === 'live') return isBrief(timings) ? 1_000 : 30_000;
  return Math.max(240_000, 8_000 * stepCount);
}

/** Most plans begin with some pods, so that what follows happens beside others. */
function open(draft: PlanDraft): void {
  if (draft.oneIn(3)) return;
  const count = draft.prng.int(1, draft.live ? 2 : 3);
  for (let index = 0; index < count; index++) draft.add(draft.newPod(draft.source()));
  draft.wait(draft.oneIn(4) ? 'between' : 'start', draft.source(['http']));
}

function timingsOf(shape: Shape): Timings {
  switch (shape.timings) {
    case 'live':
      return liveTimings;
    case 'fast':
      return fastTimings;
    case 'slowResync':
      return slowResyncTimings;
    case 'kubelet':
      return kubeletTimings;
  }
}
