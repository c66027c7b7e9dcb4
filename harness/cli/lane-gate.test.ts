import { expect, test } from 'vitest';
import { createLaneGate } from './lane-gate.js';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('shared work overlaps; work alone overlaps with nothing, whoever came first, even after a failure', async () => {
  const gate = createLaneGate();
  const under = new Set<string>();
  let sharedMax = 0;
  const seen: string[] = [];
  const job =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      under.add(name);
      if (name.startsWith('alone')) seen.push([...under].join('+'));
      sharedMax = Math.max(sharedMax, under.size);
      await turns(3);
      if (name.startsWith('alone')) seen.push([...under].join('+'));
      under.delete(name);
      if (fails) throw new Error(name);
      return name;
    };
  const results = await Promise.allSettled([
    gate.shared(job('a')),
    gate.shared(job('b')),
    gate.alone(job('alone 1', true)),
    gate.shared(job('c')),
    gate.alone(job('alone 2')),
    gate.shared(job('d', true)),
    gate.shared(job('e')),
  ]);
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
    true,
    true,
    false,
    true,
    true,
    false,
    true,
  ]);
  expect(seen).toEqual(['alone 1', 'alone 1', 'alone 2', 'alone 2']);
  expect(sharedMax).toBeGreaterThanOrEqual(2);
});
