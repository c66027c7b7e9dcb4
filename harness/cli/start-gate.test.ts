import { expect, test } from 'vitest';
import { createStartGate } from './start-gate.js';

function agents(width: number) {
  const enter = createStartGate(width);
  const begun: string[] = [];
  const heard = new Map<string, () => void>();
  const end = new Map<string, (error?: Error) => void>();
  const start = (name: string): Promise<string> =>
    enter((onHeard) => {
      begun.push(name);
      heard.set(name, onHeard);
      return new Promise((resolve, reject) =>
        end.set(name, (error) => (error === undefined ? resolve(name) : reject(error))),
      );
    });
  return { begun, heard, end, start };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an agent begins when one before it was heard of, though all go on running', async () => {
  const { begun, heard, end, start } = agents(2);
  const all = Promise.all(['a', 'b', 'c', 'd'].map(start));
  await turn();
  expect(begun).toEqual(['a', 'b']);
  heard.get('b')!();
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
  heard.get('c')!();
  heard.get('a')!();
  await turn();
  for (const name of begun) end.get(name)!();
  expect(await all).toEqual(['a', 'b', 'c', 'd']);
});

test('one that fails before it was heard of makes room, and only its own start fails', async () => {
  const { begun, end, start } = agents(1);
  const first = start('a');
  const second = start('b');
  await turn();
  end.get('a')!(new Error('no such program'));
  await expect(first).rejects.toThrow('no such program');
  await turn();
  expect(begun).toEqual(['a', 'b']);
  end.get('b')!();
  expect(await second).toBe('b');
});

test('one that does not even begin makes room too', async () => {
  const enter = createStartGate(1);
  const refused = enter(() => {
    throw new Error('the campaign is over');
  });
  await expect(refused).rejects.toThrow('the campaign is over');
  expect(await enter(() => Promise.resolve(1))).toBe(1);
});
