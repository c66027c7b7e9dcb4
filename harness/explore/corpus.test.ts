import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { suites } from '../../suites/index.js';
import { openCorpus } from './corpus.js';
import { generateCase } from './generate-case.js';

const plan = (index: number) =>
  generateCase({ suites, seed: 'corpus', index, options: { sources: ['file', 'http'], profile: 'sim' } });

describe('openCorpus', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'corpus-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('gives back failing plans first, in the next run', () => {
    const corpus = openCorpus(directory);
    expect(corpus.plans(10)).toEqual([]);
    expect(corpus.addStates(plan(1), new Set(['a']))).toMatchObject({ kept: true });
    expect(corpus.addFailure(plan(2))).toMatchObject({ kept: true });
    expect(openCorpus(directory).plans(10)).toEqual([plan(2), plan(1)]);
    corpus.removeFailure(plan(2));
    expect(openCorpus(directory).plans(10)).toEqual([plan(1)]);
  });

  it('keeps only plans that reach something new, also over runs', () => {
    openCorpus(directory).addStates(plan(1), new Set(['a', 'b']));
    const corpus = openCorpus(directory);
    expect(corpus.addStates(plan(2), new Set(['b', 'a']))).toEqual({ kept: false, why: 'no new state' });
    expect(corpus.addStates(plan(3), new Set(['b', 'c']))).toMatchObject({ kept: true });
    expect(openCorpus(directory).plans(10)).toHaveLength(2);
    expect(openCorpus(directory).plans(1)).toHaveLength(1);
  });

  it('is bounded: the oldest failing plan makes room', () => {
    const corpus = openCorpus(directory);
    const failures = join(directory, 'failures');
    corpus.addFailure(plan(0));
    utimesSync(join(failures, readdirSync(failures)[0]!), 1, 1);
    for (let index = 1; index <= 200; index++) corpus.addFailure(plan(index));
    const kept = corpus.plans(10);
    expect(kept).toHaveLength(200);
    expect(kept).not.toContainEqual(plan(0));
    expect(kept).toContainEqual(plan(200));
  });

  it('leaves out what is not a plan', () => {
    const corpus = openCorpus(directory);
    corpus.addFailure(plan(1));
    corpus.addStates(plan(2), new Set(['a']));
    for (const kind of ['failures', 'states']) {
      writeFileSync(join(directory, kind, 'broken.json'), '{');
      writeFileSync(join(directory, kind, 'other.json'), '{"plan":99}');
      writeFileSync(join(directory, kind, 'notes.txt'), 'mine');
    }
    expect(openCorpus(directory).plans(10)).toEqual([plan(1), plan(2)]);
  });

  it('says why it could not keep a plan, and throws nothing', () => {
    const file = join(directory, 'occupied');
    writeFileSync(file, '');
    const corpus = openCorpus(join(file, 'corpus'));
    expect(corpus.addFailure(plan(1))).toMatchObject({
      kept: false,
      why: expect.stringContaining('ENOTDIR'),
    });
    expect(corpus.plans(10)).toEqual([]);
  });
});
