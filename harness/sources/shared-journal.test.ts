import { expect, test } from 'vitest';
import type { SourceServed } from '../trace/events.js';
import { Parts } from './parts.js';
import { createSharedJournal, type JournalPart } from './shared-journal.js';
import { createTestContext } from './testing/test-context.js';

function partOf(namespace: string, revision: number) {
  const context = createTestContext();
  const part: JournalPart = {
    context,
    ending: namespace.slice(namespace.lastIndexOf('-')),
    heldRevision: () => revision,
  };
  return {
    part,
    served: () => context.served().map(({ outcome, revision, pods }) => ({ outcome, revision, pods })),
    context,
  };
}

const podIn = (namespace: string) => ({ metadata: { name: 'web', namespace } }) as never;

function served(event: Partial<SourceServed>): SourceServed {
  return { kind: 'source.served', actor: 'source:api', source: 'api', outcome: 'list', ...event };
}

test('each part is shown its own pods, with its own revision', () => {
  const [one, two] = [partOf('pods-one', 3), partOf('pods-two', 8)];
  const journal = createSharedJournal(new Parts([one.part, two.part]));
  journal.record(served({ revision: 1, pods: [podIn('pods-one'), podIn('pods-two')] }));
  expect(one.served()).toEqual([{ outcome: 'list', revision: 3, pods: [podIn('pods-one')] }]);
  expect(two.served()).toEqual([{ outcome: 'list', revision: 8, pods: [podIn('pods-two')] }]);
});

test('a change of one part is nothing to another; a list without its pods is', () => {
  const [one, two] = [partOf('pods-one', 1), partOf('pods-two', 1)];
  const journal = createSharedJournal(new Parts([one.part, two.part]));
  journal.record(served({ outcome: 'change', change: 'added', pods: [podIn('pods-one')] }));
  expect([one.served().length, two.served().length]).toEqual([1, 0]);
  journal.record(served({ pods: [podIn('pods-one')] }));
  expect(two.served()).toEqual([{ outcome: 'list', revision: undefined, pods: [] }]);
});

test('errors and bookmarks are shown to all', () => {
  const [one, two] = [partOf('pods-one', 1), partOf('pods-two', 2)];
  const journal = createSharedJournal(new Parts([one.part, two.part]));
  journal.record(served({ outcome: 'error', detail: 'status 500' }));
  journal.record(served({ outcome: 'change', change: 'bookmark', revision: 9, pods: [] }));
  for (const { served: shown } of [one, two])
    expect(shown().map(({ outcome }) => outcome)).toEqual(['error', 'change']);
  expect(two.served()[1]!.revision).toBe(2);
});

test('requests concern the part whose object they name, or all when they name none', () => {
  const [one, two] = [partOf('pods-one', 1), partOf('pods-two', 1)];
  const journal = createSharedJournal(new Parts([one.part, two.part]));
  const request = { kind: 'api.request', actor: 'agent', verb: 'get', query: {}, status: 200 } as const;
  journal.record({ ...request, resource: 'pods', namespace: 'pods-one', name: 'web' });
  journal.record({ ...request, resource: 'pods', verb: 'list' });
  journal.record({ ...request, resource: 'nodes', name: 'node-1' });
  const asked = ({ context }: typeof one): string[] =>
    context.journal.events.flatMap((event) => (event.kind === 'api.request' ? [event.verb] : []));
  expect([asked(one), asked(two)]).toEqual([['get', 'list'], ['list']]);
});

test('an ending that another begins with is not taken for it', () => {
  const [one, twelve] = [partOf('team-a-lane1', 1), partOf('team-a-lane12', 1)];
  const parts = new Parts([one.part, twelve.part]);
  const owners = ['team-a-lane1', 'team-a-lane12', 'default-lane1', 'lane1', 'team-a'].map((name) =>
    parts.ownerOf(name),
  );
  expect(owners).toEqual([one.part, twelve.part, one.part, undefined, undefined]);
});

test('whose a namespace is changes when plans come and go', () => {
  const [one, next] = [partOf('pods-one', 1), partOf('pods-one', 2)];
  const parts = new Parts<JournalPart>();
  expect(parts.ownerOf('pods-one')).toBeUndefined();
  parts.add(one.part);
  expect([parts.ownerOf('pods-one'), parts.ownerOf('pods-two'), parts.ownerOf(undefined)]).toEqual([
    one.part,
    undefined,
    undefined,
  ]);
  parts.delete(one.part);
  expect(parts.ownerOf('pods-one')).toBeUndefined();
  parts.add(next.part);
  expect(parts.ownerOf('pods-one')).toBe(next.part);
});
