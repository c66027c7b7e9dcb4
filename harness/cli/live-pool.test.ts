import { expect, test } from 'vitest';
import { liveTimings } from '../spec/timings.js';
import type { Plan } from '../spec/plan.js';
import { signatureOf } from '../spec/verdict.js';
import { checkLive } from './live-pool.js';
import { resolveTarget } from './target.js';

/** A pod that runs and is removed, and after it a wait. */
const plan: Plan = {
  plan: 1,
  seed: 'until',
  suite: 'termination',
  setup: {
    sources: ['file'],
    timings: liveTimings,
    pods: [
      {
        slot: 0,
        identity: { namespace: 'default', name: 'web' },
        specs: [
          {
            restartPolicy: 'Always',
            graceS: 1,
            containers: [{ name: 'main', image: 'conformance/workload:v1', workload: {} }],
          },
        ],
      },
    ],
  },
  steps: [
    { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
    { id: 's2', do: 'wait', ms: 1_000 },
    { id: 's3', do: 'remove', source: 'file', pod: 0 },
    { id: 's4', do: 'wait', ms: 8_000 },
  ],
  faults: [],
  schedule: [],
};

test(
  'a real process is let go as soon as it has failed with the signature that is asked for',
  { timeout: 60_000 },
  async () => {
    const target = await resolveTarget({
      agent: 'mutant:sandbox-before-containers',
      world: 'live',
      runtime: 'memory',
    });
    const whole = await checkLive(plan, target);
    const signature = signatureOf(whole.findings[0]!);
    const brief = await checkLive(plan, target, { until: signature });
    expect(whole.outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
    expect(brief.findings.map(signatureOf)).toEqual([signature]);
    expect(brief.outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'interrupted' });
    expect(brief.outcome.durationMs).toBeLessThan(whole.outcome.durationMs - 5_000);
  },
);
