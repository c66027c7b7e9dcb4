import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.js';

test('pops by time, then by insertion, and skips what was cancelled', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ atMs: fc.nat(20), cancel: fc.boolean() }), { maxLength: 60 }),
      (entries) => {
        const queue = new EventQueue();
        const popped: number[] = [];
        const handles = entries.map((entry, index) => queue.push(entry.atMs, () => popped.push(index)));
        entries.forEach((entry, index) => entry.cancel && handles[index]!.cancel());
        const expected = entries
          .map((entry, index) => ({ ...entry, index }))
          .filter((entry) => !entry.cancel)
          .sort((left, right) => left.atMs - right.atMs || left.index - right.index)
          .map((entry) => entry.index);
        expect(queue.size).toBe(expected.length);
        for (let event = queue.pop(); event !== undefined; event = queue.pop()) event.run!();
        expect(popped).toEqual(expected);
        expect(queue.size).toBe(0);
      },
    ),
  );
});
