import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock, type Clock } from '../../core/clock.js';
import type { SharedSource, SourceNames, SourcePart } from '../../ports/source.js';
import { createTestContext, step, type TestContext } from '../testing/test-context.js';
import { createSharedHttpSource } from './shared-http-source.js';

/** The document has neither namespaces nor files of its own. */
const names: SourceNames = { fileName: (name) => name, ending: '-0000' };

let contexts: TestContext<Clock>[];
let parts: SourcePart[];
let source: SharedSource;
let url: string;
beforeEach(async () => {
  source = createSharedHttpSource();
  url = await source.open();
  contexts = [createTestContext(createRealClock()), createTestContext(createRealClock())];
  parts = contexts.map((context) => source.join(context, names));
});
afterEach(() => source.close());

const body = async (): Promise<string> => (await fetch(url)).text();

describe('shared HTTP source', () => {
  it('lists the pods of all plans, and journals to each its own', async () => {
    parts[0]!.apply(step({ do: 'add', source: 'http', pod: 0, spec: 0 }));
    parts[1]!.apply(step({ do: 'add', source: 'http', pod: 1, spec: 0 }));
    expect((JSON.parse(await body()) as { items: unknown[] }).items).toHaveLength(2);
    for (const context of contexts) expect(context.served()).toMatchObject([{ pods: [{}] }]);
  });

  it('without pods, is a list when a plan says so and else has no body', async () => {
    expect(await body()).toBe('');
    parts[0]!.apply(step({ do: 'add', source: 'http', pod: 0, spec: 0, form: { list: true } }));
    parts[0]!.apply(step({ do: 'remove', source: 'http', pod: 0 }));
    expect(JSON.parse(await body())).toMatchObject({ kind: 'PodList', items: [] });
    parts[0]!.leave();
    expect(await body()).toBe('');
  });
});
