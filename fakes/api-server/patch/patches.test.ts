import { describe, expect, test } from 'vitest';
import { jsonPatch } from './json-patch.js';
import { mergePatch } from './merge-patch.js';
import { strategicMergePatch } from './strategic-merge-patch.js';

describe('strategic merge', () => {
  const pod = {
    metadata: { labels: { a: '1', b: '2' }, finalizers: ['x'] },
    spec: { containers: [{ name: 'one', image: 'i' }, { name: 'two' }], tolerations: [{ key: 'k' }] },
    status: {
      conditions: [
        { type: 'Ready', status: 'False', reason: 'r' },
        { type: 'Initialized', status: 'True' },
      ],
      containerStatuses: [{ name: 'one', ready: true }],
    },
  };
  const merge = (patch: object) => strategicMergePatch('Pod', pod, patch) as typeof pod;

  test('merges lists that have a key by it, and replaces the others', () => {
    const { status } = merge({
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'New', status: 'True' },
        ],
        containerStatuses: [{ name: 'two' }],
      },
    });
    expect(status.conditions).toEqual([
      { type: 'Ready', status: 'True', reason: 'r' },
      { type: 'Initialized', status: 'True' },
      { type: 'New', status: 'True' },
    ]);
    expect(status.containerStatuses).toEqual([{ name: 'two' }]);
    expect(merge({ spec: { tolerations: [] } }).spec.tolerations).toEqual([]);
    expect(merge({ metadata: { finalizers: ['y', 'x'] } }).metadata.finalizers).toEqual(['x', 'y']);
  });

  test('follows the directives', () => {
    const removed = merge({ status: { conditions: [{ $patch: 'delete', type: 'Ready' }] } });
    expect(removed.status.conditions).toEqual([{ type: 'Initialized', status: 'True' }]);
    const replaced = merge({ status: { conditions: [{ $patch: 'replace' }, { type: 'Only' }] } });
    expect(replaced.status.conditions).toEqual([{ type: 'Only' }]);
    expect(merge({ metadata: { labels: { $patch: 'replace', c: '3' } } }).metadata.labels).toEqual({
      c: '3',
    });
    expect(merge({ metadata: { labels: { a: null } } }).metadata.labels).toEqual({ b: '2' });
    expect(merge({ metadata: { labels: { $retainKeys: ['b'] } } }).metadata.labels).toEqual({ b: '2' });
    const shorter = merge({ metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } });
    expect(shorter.metadata.finalizers).toEqual([]);
    const ordered = merge({
      status: { '$setElementOrder/conditions': [{ type: 'Initialized' }, { type: 'Ready' }] },
    });
    expect(ordered.status.conditions.map((condition) => condition.type)).toEqual(['Initialized', 'Ready']);
  });

  test('refuses entries without their key, and leaves the original alone', () => {
    const before = JSON.stringify(pod);
    expect(() => merge({ status: { conditions: [{ status: 'True' }] } })).toThrow(/merge key: type/);
    merge({ spec: { containers: [{ name: 'one', image: 'j' }] } });
    expect(JSON.stringify(pod)).toBe(before);
  });
});

test('merge patch: null removes, objects merge, the rest replaces', () => {
  const target = { a: { b: 1, c: [1, 2] }, d: 'x' };
  expect(mergePatch(target, { a: { b: null, c: [3] }, e: { f: null, g: 1 } })).toEqual({
    a: { c: [3] },
    d: 'x',
    e: { g: 1 },
  });
  expect(target.a.b).toBe(1);
  expect(mergePatch(target, 'text')).toBe('text');
});

describe('JSON patch', () => {
  test.each([
    ['add to an object', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['add into a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['add to its end', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [
      'replace deep inside',
      { a: [{ b: 1 }] },
      [{ op: 'replace', path: '/a/0/b', value: 2 }],
      { a: [{ b: 2 }] },
    ],
    [
      'remove',
      { a: [1, 2], b: 1 },
      [
        { op: 'remove', path: '/a/0' },
        { op: 'remove', path: '/b' },
      ],
      { a: [2] },
    ],
    ['move', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    ['copy', { a: 1 }, [{ op: 'copy', from: '/a', path: '/b' }], { a: 1, b: 1 }],
    ['test', { a: [1] }, [{ op: 'test', path: '/a', value: [1] }], { a: [1] }],
    ['escaped names', { 'a/b~c': 1 }, [{ op: 'replace', path: '/a~1b~0c', value: 2 }], { 'a/b~c': 2 }],
  ])('%s', (_name, target, patch, expected) => {
    const before = JSON.stringify(target);
    expect(jsonPatch(target, patch)).toEqual(expected);
    expect(JSON.stringify(target)).toBe(before);
  });

  test.each([
    [422, [{ op: 'remove', path: '/missing' }]],
    [422, [{ op: 'replace', path: '/missing', value: 1 }]],
    [422, [{ op: 'add', path: '/missing/deeper', value: 1 }]],
    [422, [{ op: 'add', path: '/list/9', value: 1 }]],
    [422, [{ op: 'add', path: '/list/01', value: 1 }]],
    [422, [{ op: 'test', path: '/list', value: [] }]],
    [422, [{ op: 'replace', path: '/__proto__/x', value: 1 }]],
    [400, [{ op: 'fly', path: '/list' }]],
    [400, [{ op: 'add', path: 'list' }]],
    [400, { op: 'add' }],
    [400, [{ op: 'add', path: '/a' }]],
    [422, [{ op: 'move', from: '/missing', path: '/a' }]],
  ])('answers %i to what it cannot do: %j', (status, patch) => {
    expect(() => jsonPatch({ list: [1] }, patch)).toThrow(
      expect.objectContaining({ answer: expect.objectContaining({ status }) as unknown }) as Error,
    );
  });

  test('a patch that fails changes nothing, and says which value was wanted', () => {
    const target = { a: 1 };
    const patch = [
      { op: 'add', path: '/b', value: 2 },
      { op: 'test', path: '/a', value: 3 },
    ];
    expect(() => jsonPatch(target, patch)).toThrow(/Test failed/);
    expect(target).toEqual({ a: 1 });
  });

  test('copies cannot double an object without an end', () => {
    const patch = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/c${index}` }));
    expect(() => jsonPatch({ a: 'x'.repeat(100) }, patch)).toThrow(/copies too much/);
  });

  test('no pointer reaches what objects are made of', () => {
    for (const path of ['/__proto__', '/__proto__/polluted', '/constructor/prototype/polluted']) {
      try {
        jsonPatch({}, [{ op: 'add', path, value: { polluted: true } }]);
      } catch {
        // Refused: as good.
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
    const labelled = jsonPatch({ labels: {} }, [{ op: 'add', path: '/labels/constructor', value: 'x' }]);
    expect(Object.entries((labelled as { labels: object }).labels)).toEqual([['constructor', 'x']]);
  });
});
