import { afterEach, expect, test } from 'vitest';
import type { Plan } from '../../spec/plan.js';
import type { SourceKind } from '../../spec/pod.js';
import { fastTimings } from '../../spec/timings.js';
import type { RunOutcome } from '../execute-sim.js';
import { createLanePool, type LanePool, type PooledRun } from './lane-pool.js';
import { AgentLost, AgentNotReady } from './shared-agent.js';

const outcome: RunOutcome = { events: [], effectiveSteps: 1, durationMs: 1 };
const pools: LanePool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

interface Execution {
  readonly agent: number;
  readonly plan: Plan;
  end(error?: Error): void;
}

/** A pool whose agents execute a plan until the test ends it; `refuses` says which agents do not start. */
function controlled(
  lanesMax = 4,
  refuses: (agent: number) => Error | undefined = () => undefined,
  expectedMs?: (plan: Plan) => number,
) {
  const executions: Execution[] = [];
  const closed: number[] = [];
  let started = 0;
  const pool = createLanePool({
    lanesMax,
    relistMs: 1_000,
    ...(expectedMs === undefined ? {} : { expectedMs }),
    setupOf: (plan) => ({ kinds: plan.setup.sources, timings: fastTimings }),
    async startAgent() {
      const agent = ++started;
      const refusal = refuses(agent);
      if (refusal !== undefined) throw refusal;
      let isSound = true;
      let lanes = 0;
      return {
        agent: {
          execute: ({ plan }) =>
            new Promise<RunOutcome>((resolve, reject) => {
              lanes++;
              executions.push({
                agent,
                plan,
                end(error) {
                  lanes--;
                  if (error === undefined) return resolve(outcome);
                  isSound = false;
                  reject(error);
                },
              });
            }),
          lanes: () => lanes,
          isSound: () => isSound,
          takeLateness: () => 0,
          close: () => Promise.resolve(),
        },
        close: () => Promise.resolve(void closed.push(agent)),
      };
    },
  });
  pools.push(pool);
  return { pool, executions, closed, started: () => started };
}

function planFor(...sources: SourceKind[]): Plan {
  return { setup: { sources } } as unknown as Plan;
}

function run(signal = new AbortController().signal): PooledRun {
  return { onEvent() {}, signal, enter: (work) => work() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('plans that ask for the same share an agent, and others have another', async () => {
  const { pool, executions, started } = controlled();
  const runs = [planFor('file', 'http'), planFor('http', 'file'), planFor('file')].map((plan) =>
    pool.execute(plan, run()),
  );
  await turn();
  expect(executions.map(({ agent }) => agent)).toEqual([1, 1, 2]);
  expect([started(), pool.lanes()]).toEqual([2, 3]);
  for (const { end } of executions) end();
  expect(await Promise.all(runs)).toEqual([outcome, outcome, outcome]);
  expect(pool.lanes()).toBe(0);
});

test('no more plans run at once than there are lanes, and the next begins when one ends', async () => {
  const { pool, executions } = controlled(2);
  const runs = [1, 2, 3].map(() => pool.execute(planFor('file'), run()));
  await turn();
  expect(executions).toHaveLength(2);
  executions[1]!.end();
  await turn();
  expect(executions).toHaveLength(3);
  for (const { end } of executions) end();
  await Promise.all(runs);
});

test('a plan that takes much longer than others does not wait until they have begun', async () => {
  const long = planFor('file');
  const usual = [1, 2, 3, 4].map(() => planFor('file'));
  const { pool, executions } = controlled(2, undefined, (plan) => (plan === long ? 200 : 40));
  const runs = [...usual, long].map((plan) => pool.execute(plan, run()));
  await turn();
  executions[0]!.end();
  await turn();
  executions[1]!.end();
  await turn();
  expect(executions.map(({ plan }) => [...usual, long].indexOf(plan))).toEqual([0, 1, 4, 2]);
  for (const { end } of executions) end();
  await turn();
  for (const { end } of executions) end();
  await Promise.all(runs);
});

test('a plan whose agent ends is begun once more with a new one, and then executed alone', async () => {
  const { pool, executions, closed } = controlled();
  const lost = pool.execute(planFor('file'), run());
  await turn();
  executions[0]!.end(new AgentLost('it crashed'));
  await turn();
  expect(executions.map(({ agent }) => agent)).toEqual([1, 2]);
  executions[1]!.end(new AgentLost('it crashed again'));
  expect(await lost).toBeUndefined();
  expect(pool.losses()).toEqual(['it crashed', 'it crashed again']);
  const next = pool.execute(planFor('file'), run());
  await turn();
  expect([executions[2]!.agent, closed]).toEqual([3, [1, 2]]);
  executions[2]!.end();
  expect(await next).toBe(outcome);
});

test('an agent that cannot be shared is not started twice', async () => {
  const { pool, executions, started } = controlled(4, (agent) =>
    agent === 1 ? new AgentNotReady('it does not read its files') : undefined,
  );
  expect(await pool.execute(planFor('file'), run())).toBeUndefined();
  expect(await pool.execute(planFor('file'), run())).toBeUndefined();
  expect(started()).toBe(1);
  const other = pool.execute(planFor('http'), run());
  await turn();
  executions[0]!.end();
  expect(await other).toBe(outcome);
});

test('whoever waits stops waiting when its campaign ends', async () => {
  const { pool, executions } = controlled(1);
  const first = pool.execute(planFor('file'), run());
  await turn();
  const ending = new AbortController();
  const second = pool.execute(planFor('file'), run(ending.signal));
  const refused = expect(second).rejects.toThrow('no time');
  ending.abort(new Error('no time'));
  await refused;
  executions[0]!.end();
  await first;
  expect(executions).toHaveLength(1);
});
