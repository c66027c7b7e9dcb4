import { expect, test } from 'vitest';
import { suites } from '../../suites/index.js';
import { planSchema, type Deviation, type Fault, type Plan, type Step } from '../spec/plan.js';
import { kubeletTimings } from '../spec/timings.js';
import { generateCase } from './generate-case.js';
import { inCompany, whyAlone } from './why-alone.js';

function planWith(parts: { steps?: Step[]; faults?: Fault[]; schedule?: Deviation[] }): Plan {
  return {
    plan: 1,
    seed: 's',
    suite: 'mixed',
    setup: { sources: ['file', 'http', 'api'], timings: {}, pods: [] },
    steps: [],
    faults: [],
    schedule: [],
    ...parts,
  };
}

const step = (parts: object): Plan => planWith({ steps: [{ id: 's1', ...parts } as Step] });
const fault = (at: object, effect: Fault['effect']): Plan =>
  planWith({ faults: [{ at: at as Fault['at'], effect }] });
const delay = (message: object): Plan =>
  planWith({ schedule: [{ message: message as Deviation['message'], delayMs: 10 }] });

test.each([
  ['an edit', step({ do: 'update', source: 'http', pod: 0, spec: 1 })],
  ['a bad file', step({ do: 'malformed', source: 'file', pod: 0 })],
  ['an unreadable file', step({ do: 'malformed', source: 'file', unreadable: true })],
  ['an end of a container', step({ do: 'exitContainer', pod: 0, container: 'main', code: 1 })],
  ['a killed sandbox', step({ do: 'damage', pod: 0, how: 'kill' })],
  ['an outage of a directory, which is none', step({ do: 'outage', source: 'file', phase: 'begin' })],
  ['an error of a start', fault({ call: 'StartContainer', nth: 1 }, 'errorAfter')],
  ['a stop that hangs', fault({ call: 'StopContainer', pod: 0, nth: 1 }, 'hang')],
  ['an old answer about its own pods', fault({ call: 'ListContainers', nth: 3 }, 'staleList')],
  ['a lost event', fault({ event: 'container', pod: 0, nth: 1 }, 'eventLost')],
  ['an old document', fault({ source: 'http', poll: 2 }, 'stale')],
  ['a refused status', fault({ source: 'api', request: 'patch', nth: 1 }, 'status')],
  ['a late answer to a start', delay({ kind: 'reply', call: 'CreateContainer', nth: 1 })],
])('%s concerns nobody else', (_name, plan) => {
  expect(whyAlone(plan)).toBeUndefined();
  expect(inCompany(plan)).toEqual(plan);
});

test.each([
  ['a restart', step({ do: 'restartAgent', how: 'kill', downMs: 0 }), /restarts the agent/],
  ['a bad document', step({ do: 'malformed', source: 'http', pod: 0 }), /whole document/],
  ['an outage', step({ do: 'outage', source: 'api', phase: 'begin' }), /whole api source/],
  ['a closed watch', step({ do: 'watch', how: 'close' }), /watches/],
  ['a removed image', step({ do: 'removeImage', image: 'a' }), /image/],
  ['a runtime that is not ready', step({ do: 'runtime', how: 'notReady' }), /runtime/],
  [
    'a whole manifest',
    step({ do: 'malformed', source: 'file', text: 'kind: Pod\nspec: {containers: []}' }),
    /word for word/,
  ],
  ['a crash', fault({ call: 'StartContainer', nth: 1 }, 'crashAfter'), /crash/],
  ['a list that fails', fault({ call: 'ListContainers', nth: 1 }, 'errorBefore'), /all pods/],
  ['a removal that hangs', fault({ call: 'RemoveContainer', nth: 1 }, 'hang'), /holds up/],
  ['a pull that fails', fault({ call: 'PullImage', nth: 1 }, 'errorBefore'), /PullImage/],
  ['an error status', fault({ source: 'http', poll: 1 }, 'status'), /document/],
  ['a list of the API', fault({ source: 'api', request: 'list', nth: 1 }, 'status'), /list/],
  [
    'a request for the node',
    fault({ source: 'api', request: 'get', resource: 'nodes', nth: 1 }, 'status'),
    /node/,
  ],
  ['a late list', delay({ kind: 'request', call: 'ListContainers', nth: 1 }), /holds up/],
  ['a late delivery', delay({ kind: 'delivery', source: 'http', nth: 1 }), /delays/],
])('%s concerns all, and can be left out', (_name, plan, why) => {
  expect(whyAlone(plan)).toMatch(why);
  expect(inCompany(plan)).toEqual({ ...plan, steps: [], faults: [], schedule: [] });
});

test.each([
  ['brief', undefined, 50, 90],
  ['slow', kubeletTimings, 75, 98],
])('most live plans for agents with %s periods can share them', (_name, timings, least, most) => {
  const options = {
    sources: ['file', 'http', 'api'] as const,
    profile: 'live' as const,
    sharesAgent: true,
    ...(timings === undefined ? {} : { timings }),
  };
  const plans = Array.from({ length: 400 }, (_, index) =>
    generateCase({ suites, seed: 'c', index, options }),
  );
  for (const plan of plans) expect(planSchema.safeParse(plan).error).toBeUndefined();
  const share = (100 * plans.filter((plan) => whyAlone(plan) === undefined).length) / plans.length;
  expect(share).toBeGreaterThan(least);
  expect(share).toBeLessThan(most);
});

test('of the first live plans, those of suites that reach far have an agent for themselves as often as not', () => {
  const options = {
    sources: ['file', 'http', 'api'] as const,
    profile: 'live' as const,
    sharesAgent: true,
    timings: kubeletTimings,
  };
  const aloneIn = (first: number, reachesFar: boolean): number => {
    const plans = Array.from({ length: 100 }, (_, index) =>
      generateCase({
        suites: suites.filter((suite) => (suite.reachesFar === true) === reachesFar),
        seed: 'early',
        index: first + index,
        options,
      }),
    );
    return plans.filter((plan) => whyAlone(plan) !== undefined).length;
  };
  expect(aloneIn(0, true)).toBeGreaterThan(35);
  expect(aloneIn(0, false)).toBeLessThan(20);
  expect(aloneIn(100, true)).toBeLessThan(25);
});
