import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { suites } from '../../suites/index.js';
import { referenceFeatures } from '../../fakes/agent/reference-agent.js';
import { packageRoot } from '../core/package-root.js';
import { createProcessDriver } from '../drivers/process-driver.js';
import { generateCase } from '../explore/generate-case.js';
import type { AgentDriver, AgentExit } from '../ports/driver.js';
import { createMemoryBackend } from '../runtimes/memory/memory-backend.js';
import { liveTimings } from '../spec/timings.js';
import { executeLive } from './execute-live.js';
import type { RunOutcome } from './execute-sim.js';

const parent = mkdtempSync(join(tmpdir(), 'conformance-live-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** The reference agent, which is ended soon after its start by somebody else; `explain` tells the cause. */
function shortLived(explain: (exit: AgentExit) => AgentExit): AgentDriver {
  const inner = createProcessDriver({
    profile: { name: 'short-lived', sources: ['file'], features: referenceFeatures, timings: liveTimings },
    command: [
      process.execPath,
      join(packageRoot(), 'dist/harness/cli/main.js'),
      'agent',
      '--runtime-endpoint={{runtime.endpoint}}',
      '--manifest-directory={{sources.file.path}}',
      '--timings={{timings.json}}',
    ],
  });
  return {
    ...inner,
    async start(endpoints, incarnation) {
      const started = await inner.start(endpoints, incarnation);
      const timer = setTimeout(() => void started.kill(), 1_500);
      const exited = started.exited.then((exit) => {
        clearTimeout(timer);
        return explain(exit);
      });
      return { ...started, exited };
    },
  };
}

function execute(driver: AgentDriver): Promise<RunOutcome> {
  const plan = generateCase({
    suites: suites.filter(({ name }) => name === 'mux'),
    seed: 'short-lived',
    index: 0,
    options: { sources: ['file'], profile: 'live', features: referenceFeatures, timings: liveTimings },
  });
  return executeLive({
    plan,
    driver,
    directory: mkdtempSync(join(parent, 'run-')),
    makeBackend: (observer, clock) =>
      Promise.resolve(createMemoryBackend({ observer, clock, epochMs: Date.now() - clock.now() })),
  });
}

test('the end of an agent that nobody asked to end is told in the trace', async () => {
  const { events } = await execute(shortLived((exit) => exit));
  expect(events).toContainEqual(expect.objectContaining({ kind: 'agent.ended', cause: 'exited' }));
});

test('an agent that ends because of the machine ends the run instead', async () => {
  const words = 'There are too few of something.';
  const run = execute(shortLived((exit) => ({ ...exit, likelyCause: { of: 'machine', words } })));
  await expect(run).rejects.toMatchObject({ code: 'agent-ended-by-machine', exitCode: 69, hint: words });
});
