import { describe, expect, it } from 'vitest';
import type { FilePort } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import {
  advance,
  createLife,
  createTestContext,
  settleOn,
  step,
  testPods,
  type TestContext,
} from '../testing/test-context.js';
import { createSimFileSource } from './sim-file-source.js';

async function look(context: TestContext, port: FilePort): Promise<Record<string, string>> {
  const entries = await settleOn(context.clock, port.list());
  const texts: Record<string, string> = {};
  for (const { name, type } of entries) {
    if (type === 'file' && !name.startsWith('.'))
      texts[name] = await settleOn(context.clock, port.read(name));
  }
  return texts;
}

function setUp() {
  const context = createTestContext();
  const source = createSimFileSource(context);
  return { context, source, port: source.port(createLife()) };
}

const addWeb = step({ do: 'add', source: 'file', pod: 0, spec: 0 });
const web = testPods[0]!;

describe('sim file source: steps', () => {
  it('adds, updates and removes the file of a slot, each a new held state', async () => {
    const { context, source, port } = setUp();
    expect(source.apply(addWeb)).toEqual({ applied: true });
    expect(Object.keys(await look(context, port))).toEqual(['web-0.yaml']);
    source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1 }));
    source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    expect(await look(context, port)).toEqual({});
    expect(context.held().map(({ revision, pods }) => [revision, pods])).toEqual([
      [1, []],
      [2, [podOf(web, 0)]],
      [3, [podOf(web, 1)]],
      [4, []],
    ]);
  });

  it('makes no-ops of steps without sense', () => {
    const { source, context } = setUp();
    expect(source.apply(step({ do: 'remove', source: 'file', pod: 0 })).applied).toBe(false);
    expect(source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 0 })).applied).toBe(false);
    expect(source.apply(step({ do: 'delete', source: 'file', pod: 0 })).applied).toBe(false);
    expect(source.apply(step({ do: 'add', source: 'file', pod: 99, spec: 0 })).applied).toBe(false);
    source.apply(addWeb);
    expect(source.apply(addWeb).applied).toBe(false);
    expect(context.held()).toHaveLength(2);
  });

  it('shows a truncated file empty, then half, then whole', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1, form: { write: 'truncate' } }));
    expect(source.busy()).toBe(true);
    expect(await look(context, port)).toEqual({ 'web-0.yaml': '' });
    await advance(context.clock, 10);
    const half = (await look(context, port))['web-0.yaml']!;
    await advance(context.clock, 20);
    const whole = (await look(context, port))['web-0.yaml']!;
    expect(whole.startsWith(half) && half !== '' && half !== whole).toBe(true);
    expect(source.busy()).toBe(false);
    expect(context.held().map((held) => held.pods.length)).toEqual([0, 1, 0, 0, 1]);
    expect(context.served().map(({ outcome, bad }) => [outcome, bad])).toEqual([
      ['partial', ['web-0.yaml']],
      ['partial', ['web-0.yaml']],
      ['list', undefined],
    ]);
  });

  it('finishes a slow write before the next step on the file, and at heal', async () => {
    const { context, source } = setUp();
    const truncate = step({ do: 'add', source: 'file', pod: 0, spec: 0, form: { write: 'truncate' } });
    source.apply(truncate);
    source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    await advance(context.clock, 100);
    expect(context.held().at(-1)).toMatchObject({ pods: [], files: [] });
    source.apply(truncate);
    source.heal();
    expect(source.busy()).toBe(false);
    expect(context.held().at(-1)!.pods).toEqual([podOf(web, 0)]);
  });

  it('shows a visible temporary file until it is renamed', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1, form: { write: 'visibleTemp' } }));
    expect(Object.keys(await look(context, port))).toEqual(['web-0.yaml', 'web-0.yaml.tmp']);
    await advance(context.clock, 20);
    expect(Object.keys(await look(context, port))).toEqual(['web-0.yaml']);
    expect(context.served().at(-1)!.pods).toEqual([podOf(web, 1)]);
  });

  it('keeps the name of a file whose text changes, and changes it only for rename', () => {
    const { context, source } = setUp();
    source.apply(step({ do: 'add', source: 'file', pod: 0, spec: 0, form: { format: 'json' } }));
    source.apply(
      step({ do: 'reformat', source: 'file', pod: 0, form: { format: 'yaml', comment: 'hello' } }),
    );
    expect(context.held().at(-1)!.files).toMatchObject([{ name: 'web-0.json', pod: podOf(web, 0) }]);
    expect(context.held().at(-1)!.files![0]!.text).toMatch(/^# hello\n/);
    source.apply(step({ do: 'rename', source: 'file', pod: 0 }));
    expect(
      context
        .held()
        .at(-1)!
        .files!.map((file) => file.name),
    ).toEqual(['web-0-renamed-1.json']);
    expect(context.held().at(-1)!.pods).toEqual([podOf(web, 0)]);
  });

  it('gives duplicates files of their own, which are removed after the original', () => {
    const { context, source } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'duplicate', source: 'file', pod: 0, spec: 1, uid: 'other' }));
    expect(context.held().at(-1)!.pods).toEqual([podOf(web, 1, 'other'), podOf(web, 0)]);
    source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    expect(context.held().at(-1)!.pods).toEqual([podOf(web, 1, 'other')]);
    source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    expect(context.held().at(-1)!.pods).toEqual([]);
  });

  it('holds garbage, and noise that is no manifest', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    for (const what of ['dotFile', 'subdirectory', 'swapFile', 'emptyFile'] as const) {
      source.apply(step({ do: 'noise', source: 'file', what, pod: 1 }));
    }
    source.apply(step({ do: 'malformed', source: 'file' }));
    await look(context, port);
    expect(context.served()).toMatchObject([
      { outcome: 'partial', pods: [podOf(web, 0)], bad: ['empty-2.yaml', 'garbage-3.yaml'] },
    ]);
    const dotFile = context
      .held()
      .at(-1)!
      .files!.find((file) => file.name === '.db-1.yaml');
    expect(dotFile?.pod).toEqual(podOf(testPods[1]!, 0));
    source.apply(step({ do: 'malformed', source: 'file', pod: 0 }));
    expect(context.held().at(-1)!.pods).toEqual([]);
    source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 0 }));
    expect(context.held().at(-1)!.pods).toEqual([podOf(web, 0)]);
  });
});

describe('sim file source: what was served', () => {
  it('is journalled once per state and life, empty directories too', async () => {
    const { context, source, port } = setUp();
    await look(context, port);
    await look(context, port);
    expect(context.served()).toMatchObject([{ outcome: 'list', pods: [], revision: 1 }]);
    source.apply(addWeb);
    await look(context, port);
    await look(context, port);
    expect(context.served()).toHaveLength(2);
    await look(context, source.port(createLife(2)));
    expect(context.served()).toHaveLength(3);
  });

  it('is what was read, when the directory changes between listing and reading', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'add', source: 'file', pod: 1, spec: 0 }));
    await settleOn(context.clock, port.list());
    await settleOn(context.clock, port.read('db-1.yaml'));
    source.apply(step({ do: 'update', source: 'file', pod: 1, spec: 1 }));
    source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    await expect(settleOn(context.clock, port.read('web-0.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(context.served()).toMatchObject([
      { outcome: 'partial', pods: [podOf(testPods[1]!, 0)], names: ['db-1.yaml'], bad: ['web-0.yaml'] },
    ]);
    await look(context, port);
    expect(context.served().at(-1)).not.toHaveProperty('names');
    expect(context.served().at(-1)).toMatchObject({ outcome: 'list', pods: [podOf(testPods[1]!, 1)] });
  });

  it('counts manifests that were listed and not read among the bad', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'add', source: 'file', pod: 1, spec: 0 }));
    await settleOn(context.clock, port.list());
    await settleOn(context.clock, port.read('web-0.yaml'));
    expect(context.served()).toEqual([]);
    await settleOn(context.clock, port.list());
    expect(context.served()).toMatchObject([
      { outcome: 'partial', pods: [podOf(web, 0)], bad: ['db-1.yaml'] },
    ]);
  });

  it('takes no late read of one look for a read of the next', async () => {
    const { context, source, port } = setUp();
    source.apply(addWeb);
    source.apply(step({ do: 'add', source: 'file', pod: 1, spec: 0 }));
    await settleOn(context.clock, port.list());
    const next = port.list();
    const late = port.read('db-1.yaml');
    await settleOn(context.clock, Promise.all([next, late]));
    await settleOn(context.clock, port.read('web-0.yaml'));
    expect(context.served()).toEqual([]);
    await settleOn(context.clock, port.read('db-1.yaml'));
    expect(context.served()).toMatchObject([{ outcome: 'list', revision: 3 }]);
  });

  it('reaches no life that has ended', async () => {
    const { context, source } = setUp();
    const life = createLife();
    const port = source.port(life);
    let settled = false;
    void port.list().then(() => (settled = true));
    life.alive = false;
    await advance(context.clock, 100);
    expect(settled).toBe(false);
    expect(context.served()).toEqual([]);
  });
});

describe('sim file source: notifications', () => {
  it('come 2 ms after a change or a touch, later when the plan says so, and end with close', async () => {
    const { context, source, port } = setUp();
    const times: number[] = [];
    const watch = port.watch(() => times.push(context.clock.now()));
    context.deliveryDelaysMs.set(2, 30);
    source.apply(addWeb);
    source.apply(step({ do: 'redeliver', source: 'file', pod: 0 }));
    await advance(context.clock, 100);
    expect(times).toEqual([2, 32]);
    expect(context.held()).toHaveLength(2);
    watch.close();
    source.apply(step({ do: 'redeliver', source: 'file' }));
    await advance(context.clock, 100);
    expect(times).toHaveLength(2);
  });
});
