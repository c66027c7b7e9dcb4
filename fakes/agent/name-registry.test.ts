import { expect, test } from 'vitest';
import { createNameRegistry } from './name-registry.js';

test('those who wait for a name get it in the order in which they came', () => {
  const names = createNameRegistry();
  names.take('default/web', 'a');
  names.wait('default/web', 'b');
  names.wait('default/web', 'c');
  names.wait('default/web', 'b');
  expect(names.isFirst('default/web', 'c')).toBe(false);
  expect(names.release('default/web', 'a')).toEqual(['b', 'c']);
  expect(names.holder('default/web')).toBeUndefined();
  expect(names.isFirst('default/web', 'b')).toBe(true);
});

test('one that gives up its place is skipped, and does not free a name that it does not hold', () => {
  const names = createNameRegistry();
  names.take('default/web', 'a');
  names.wait('default/web', 'b');
  names.wait('default/web', 'c');
  expect(names.release('default/web', 'b')).toEqual(['c']);
  expect(names.holder('default/web')).toBe('a');
});
