import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.js';
import type { Plan, PlanSpec, Step } from '../spec/plan.js';
import { liveTimings } from '../spec/timings.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');
const directory = mkdtempSync(join(tmpdir(), 'conformance-replay-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const spec: PlanSpec = {
  restartPolicy: 'Always',
  graceS: 1,
  containers: [{ name: 'main', image: 'workload:1', workload: {} }],
};

/** A live case with these steps, in which a healthy agent breaks nothing. */
function saveCase(name: string, steps: readonly Step[]): string {
  const plan: Plan = {
    plan: 1,
    seed: '1',
    suite: 'termination',
    setup: {
      sources: ['file'],
      timings: liveTimings,
      pods: [{ slot: 0, identity: { namespace: 'default', name: 'web' }, specs: [spec] }],
    },
    steps: [{ id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 }, ...steps],
    faults: [],
    schedule: [],
  };
  const saved = {
    case: 1,
    suiteVersion: '0.1.0',
    catalogueRevision: 1,
    agent: { name: 'reference', given: 'reference' },
    plan,
    requirement: 'TERM-01',
    signature: 'TERM-01 · static pod',
    world: 'live',
    runtime: 'memory',
    traceHash: '0'.repeat(64),
    expected: 'it has its grace',
    seen: 'it has not',
  };
  const path = join(directory, `${name}.json`);
  writeFileSync(path, JSON.stringify(saved));
  return path;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Replays the case; a while after the command has written `due`, it gets a Ctrl-C. */
function replay(path: string, due?: string, afterMs = 0): Promise<Ended> {
  const run = spawn(process.execPath, [main, 'replay', path], { cwd: directory, stdio: 'pipe' });
  let out = '';
  let err = '';
  let isSent = due === undefined;
  run.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  run.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    if (isSent || !err.includes(due!)) return;
    isSent = true;
    setTimeout(() => run.kill('SIGINT'), afterMs);
  });
  return new Promise((resolve) => run.once('close', (code) => resolve({ code, out, err })));
}

const endless: Step = { id: 's8', do: 'wait', ms: 100_000 };
const restart: Step = { id: 's9', do: 'restartAgent', how: 'kill', downMs: 100 };

describe('a live replay', { timeout: 60_000 }, () => {
  test.each([
    ['at once', [endless, restart], 0],
    ['in the middle', [endless, restart], 2_000],
    ['in the middle, where the agent could have been shared', [endless], 2_000],
  ])('that is interrupted %s has decided nothing', async (name, steps, afterMs) => {
    const ended = await replay(saveCase(name, steps), 'Running the case', afterMs);
    expect(ended.out).toMatch(/^interrupted: nothing is decided$/m);
    expect(ended.out).not.toContain('no longer fails');
    expect(ended.err).not.toMatch(/once more in an agent|suite itself failed/);
    expect(ended.code).toBe(2);
  });

  test('that is interrupted while it is tried once more, too', async () => {
    const ended = await replay(saveCase('again', []), 'once more in an agent');
    expect(ended.out).toMatch(/^interrupted: nothing is decided$/m);
    expect(ended.err).not.toContain('suite itself failed');
    expect(ended.code).toBe(2);
  });

  test('that came to its end says that the case no longer fails', async () => {
    const ended = await replay(saveCase('whole', [restart]));
    expect(ended.out).toMatch(/^no longer fails$/m);
    expect(ended.code).toBe(0);
  });
});
