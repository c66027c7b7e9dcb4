import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FilePort } from '../../ports/agent.js';
import { podOf } from '../../spec/manifest.js';
import { decodeManifest } from '../manifest-text.js';
import { step, testPods } from '../testing/test-context.js';
import { until, type CreateSourceWorld, type SourceWorld } from './source-world.js';

const web = testPods[0]!;
const add = (pod: number) => step({ do: 'add', source: 'file', pod, spec: 0 });

/** What an agent may rely on at a manifest directory, whatever the world. */
export function fileContract(create: CreateSourceWorld<FilePort>): void {
  let world: SourceWorld<FilePort>;
  beforeEach(async () => {
    world = await create();
  });
  afterEach(() => world.close());

  const names = async (): Promise<string[]> =>
    (await world.settle(world.port.list())).map((entry) => entry.name);
  const read = (name: string): Promise<string> => world.settle(world.port.read(name));
  const heldFiles = () => world.context.held().at(-1)!.files!;

  it('is empty at first', async () => {
    expect(await names()).toEqual([]);
    expect(world.context.held()).toMatchObject([{ revision: 1, pods: [], files: [] }]);
  });

  it('lists by name and reads what is held, dot-files and directories included', async () => {
    for (const pod of [2, 0, 1]) world.source.apply(add(pod));
    for (const what of ['dotFile', 'subdirectory', 'swapFile', 'emptyFile'] as const) {
      world.source.apply(step({ do: 'noise', source: 'file', what }));
    }
    const entries = await world.settle(world.port.list());
    expect(entries).toEqual(heldFiles().map(({ name, type }) => ({ name, type })));
    expect(entries.map((entry) => entry.name)).toEqual(entries.map((entry) => entry.name).toSorted());
    expect(entries).toHaveLength(7);
    for (const file of heldFiles()) {
      if (file.type === 'file') expect(await read(file.name)).toBe(file.text);
    }
  });

  it('rejects reading what is missing or a directory, with the code', async () => {
    world.source.apply(step({ do: 'noise', source: 'file', what: 'subdirectory' }));
    await expect(read('missing.yaml')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read(heldFiles()[0]!.name)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('lists what cannot be read, and has it whole again after the next write or removal', async () => {
    for (const pod of [0, 1]) world.source.apply(add(pod));
    for (const pod of [0, 1])
      world.source.apply(step({ do: 'malformed', source: 'file', pod, unreadable: true }));
    world.source.apply(step({ do: 'malformed', source: 'file', unreadable: true }));
    expect(heldFiles().map(({ readable }) => readable)).toEqual([false, false, false]);
    expect(world.context.held().at(-1)!.pods).toEqual([]);
    expect(await names()).toHaveLength(3);
    await expect(read('web-0.yaml')).rejects.toMatchObject({ code: 'ELOOP' });
    world.source.apply(step({ do: 'redeliver', source: 'file', pod: 0 }));
    world.source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1, form: { write: 'inPlace' } }));
    world.source.apply(step({ do: 'remove', source: 'file', pod: 1 }));
    expect(decodeManifest(await read('web-0.yaml')).pods).toEqual([podOf(web, 1)]);
    expect(await names()).toEqual(['unreadable-1.yaml', 'web-0.yaml']);
  });

  for (const write of ['rename', 'inPlace', 'truncate', 'visibleTemp'] as const) {
    it(`ends with the new text only, written by ${write}`, async () => {
      world.source.apply(add(0));
      world.source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1, form: { write } }));
      await until(world, () => !world.source.busy());
      expect(await names()).toEqual(['web-0.yaml']);
      expect(decodeManifest(await read('web-0.yaml')).pods).toEqual([podOf(web, 1)]);
      expect(world.context.held().at(-1)!.pods).toEqual([podOf(web, 1)]);
    });
  }

  it('shows a truncated file empty, and then its beginning', async () => {
    world.source.apply(step({ do: 'add', source: 'file', pod: 0, spec: 0, form: { write: 'truncate' } }));
    expect(heldFiles()).toMatchObject([{ text: '' }]);
    expect(await names()).toEqual(['web-0.yaml']);
    await until(world, () => !world.source.busy());
    const whole = await read('web-0.yaml');
    // What stood there in between is in the record, however late this test looks.
    const shown = world.context.held().flatMap(({ files }) => files!);
    const [empty, half, last] = shown.slice(-3);
    expect(empty).toMatchObject({ text: '' });
    expect(half!.pod).toBeUndefined();
    expect(whole.startsWith(half!.text!) && half!.text !== '' && half!.text !== whole).toBe(true);
    expect(last).toMatchObject({ text: whole, pod: podOf(web, 0) });
  });

  it('renames, doubles, spoils and removes', async () => {
    world.source.apply(add(0));
    world.source.apply(step({ do: 'duplicate', source: 'file', pod: 0, spec: 1 }));
    world.source.apply(step({ do: 'rename', source: 'file', pod: 0 }));
    expect(await names()).toEqual(['web-0-copy-1.yaml', 'web-0-renamed-2.yaml']);
    world.source.apply(step({ do: 'malformed', source: 'file', pod: 0 }));
    expect(decodeManifest(await read('web-0-renamed-2.yaml')).valid).toBe(false);
    world.source.apply(step({ do: 'remove', source: 'file', pod: 0 }));
    expect(await names()).toEqual(['web-0-copy-1.yaml']);
    expect(decodeManifest(await read('web-0-copy-1.yaml')).pods).toEqual([podOf(web, 1)]);
  });

  it('tells watchers of changes and touches, and stops when told', async () => {
    let calls = 0;
    const watch = world.port.watch(() => calls++);
    world.source.apply(add(0));
    await until(world, () => calls > 0);
    await world.pass(50);
    calls = 0;
    world.source.apply(step({ do: 'redeliver', source: 'file', pod: 0 }));
    await until(world, () => calls > 0);
    await world.pass(50);
    watch.close();
    calls = 0;
    world.source.apply(add(1));
    await world.pass(50);
    expect(calls).toBe(0);
  });
}
