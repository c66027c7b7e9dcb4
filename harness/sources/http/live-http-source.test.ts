import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock, type Clock } from '../../core/clock.js';
import type { LiveSource } from '../../ports/source.js';
import { createTestContext, step, type TestContext } from '../testing/test-context.js';
import { createLiveHttpSource } from './live-http-source.js';

let context: TestContext<Clock>;
let source: LiveSource;
let url: string;
beforeEach(async () => {
  context = createTestContext(createRealClock());
  source = createLiveHttpSource(context);
  url = await source.open();
});
afterEach(() => source.close());

describe('live HTTP source', () => {
  it('says what the document is written in', async () => {
    source.apply(step({ do: 'add', source: 'http', pod: 0, spec: 0 }));
    expect((await fetch(url)).headers.get('content-type')).toBe('application/yaml');
    source.apply(step({ do: 'reformat', source: 'http', pod: 0, form: { format: 'json' } }));
    expect((await fetch(url)).headers.get('content-type')).toBe('application/json');
  });

  it('counts as polls only what asks for the document', async () => {
    context.faults.set(1, { effect: 'status', status: 500 });
    expect((await fetch(new URL('/other', url))).status).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
    expect(context.served()).toEqual([]);
    expect((await fetch(`${url}?x=1`)).status).toBe(500);
  });

  it('journals the first answer of each life, and not the same one again', async () => {
    for (const incarnation of [1, 2]) {
      context.journal.record({ kind: 'agent.started', actor: 'agent', incarnation });
      await (await fetch(url)).text();
      await (await fetch(url)).text();
      expect(context.served()).toHaveLength(incarnation);
    }
  });
});
