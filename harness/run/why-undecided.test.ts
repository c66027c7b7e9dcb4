import { expect, test } from 'vitest';
import { createTrace } from '../oracles/testing/trace-builder.js';
import type { RunEnded } from '../trace/events.js';
import { whyUndecided } from './why-undecided.js';

test.each([
  ['interrupted', 'interrupted'],
  ['limit', 'cut short (so it was)'],
  ['agentGone', 'given up by the agent (so it was)'],
  ['complete', undefined],
] as const)('a run that ended with %s', (outcome, why) => {
  const trace = createTrace(['feed']).agent().list('feed', []);
  const ended: RunEnded = { kind: 'run.ended', actor: 'harness', outcome, detail: 'so it was' };
  expect(whyUndecided(trace.add(ended).events)).toBe(why);
});

test('a run that was still moving is open on a real clock only', () => {
  const moving = (world: 'sim' | 'live') =>
    createTrace(['feed'], { world })
      .agent()
      .phase('heal')
      .phase('unsettled')
      .phase('quiet')
      .add({ kind: 'run.ended', actor: 'harness', outcome: 'complete' }).events;
  expect(whyUndecided(moving('live'))).toBe('still moving at its deadline');
  expect(whyUndecided(moving('sim'))).toBeUndefined();
  expect(whyUndecided(createTrace(['feed'], { world: 'live' }).agent().rest().events)).toBeUndefined();
});
