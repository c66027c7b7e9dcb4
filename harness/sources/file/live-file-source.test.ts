import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import { createTestContext, step } from '../testing/test-context.js';
import { createLiveFileSource } from './live-file-source.js';

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'conformance-file-'));
  directory = join(parent, 'manifests');
});
afterEach(() => rmSync(parent, { recursive: true }));

const setUp = () => {
  const context = createTestContext(createRealClock());
  return { context, source: createLiveFileSource(context, { directory }) };
};

describe('live file source', () => {
  it('journals that a file written in place is empty for a moment', async () => {
    const { context, source } = setUp();
    await source.open();
    source.apply(step({ do: 'add', source: 'file', pod: 0, spec: 0, form: { write: 'inPlace' } }));
    expect(context.held().map((held) => held.files!.map((file) => file.text === ''))).toEqual([
      [],
      [true],
      [false],
    ]);
    await source.close();
  });

  it('removes the directory that it made', async () => {
    const { source } = setUp();
    await source.open();
    source.apply(step({ do: 'add', source: 'file', pod: 0, spec: 0 }));
    source.apply(step({ do: 'noise', source: 'file', what: 'subdirectory' }));
    await source.close();
    expect(existsSync(directory)).toBe(false);
  });

  it('removes only its own files from a directory that was there before', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, '.keep'), '');
    const { source } = setUp();
    await source.open();
    for (const pod of [0, 1]) source.apply(step({ do: 'add', source: 'file', pod, spec: 0 }));
    source.apply(step({ do: 'rename', source: 'file', pod: 0 }));
    source.apply(step({ do: 'remove', source: 'file', pod: 1 }));
    source.apply(step({ do: 'noise', source: 'file', what: 'subdirectory' }));
    source.apply(step({ do: 'update', source: 'file', pod: 0, spec: 1, form: { write: 'truncate' } }));
    await source.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readdirSync(directory)).toEqual(['.keep']);
  });

  it('says what is wrong with a directory that it cannot use', async () => {
    writeFileSync(directory, '');
    const { source } = setUp();
    await expect(source.open()).rejects.toMatchObject({
      code: 'manifest-directory-unusable',
      file: directory,
    });
  });
});
