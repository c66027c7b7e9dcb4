import { execFile } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { suites } from '../../suites/index.js';
import { packageRoot } from '../core/package-root.js';
import { generateCase } from '../explore/generate-case.js';
import { whyAlone } from '../explore/why-alone.js';
import type { CheckedPlan } from '../run/check-plan.js';
import { laneOfNamespace } from '../run/lanes/lane-names.js';
import type { Plan } from '../spec/plan.js';
import type { TraceEvent } from '../trace/events.js';
import { generateOptionsOf } from './generate-options.js';
import { createLivePool } from './live-pool.js';
import { resolveTarget } from './target.js';

const main = join(packageRoot(), 'dist/harness/cli/main.js');
const parent = mkdtempSync(join(tmpdir(), 'conformance-lanes-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function conformance(words: readonly string[], cwd: string): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { cwd, env: { ...process.env, FORCE_COLOR: '' }, maxBuffer: 1 << 24 },
      (error, out, err) =>
        resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? -1), out: out + err }),
    );
  });
}

/** An agent file for the reference agent; `before` is shell that runs before it, in the directory of the file. */
function agentDirectory(more = '', before = ':'): string {
  const directory = mkdtempSync(join(parent, 'test-'));
  const script = `${before}; exec '${process.execPath}' '${main}' agent "$@"`;
  writeFileSync(join(directory, 'agent.sh'), script);
  writeFileSync(
    join(directory, 'agent.yaml'),
    `name: shared
command: [sh, agent.sh, '--runtime-endpoint={{runtime.endpoint}}', '--manifest-directory={{sources.file.path}}',
  '--manifest-url={{sources.http.url}}', '--kubeconfig={{sources.api.kubeconfig}}', '--node-name={{node.name}}',
  '--timings={{timings.json}}', '--state-directory=${directory}'${more}]
sources: [file, http, api]
features: [restart-policy, init-containers, sidecars, pre-stop, garbage-collection, adoption, orphan-cleanup, image-pull,
  host-network, static-identity, status, mirror-pods, settable-timings]
`,
  );
  return directory;
}

function startsIn(directory: string): number {
  const path = join(directory, 'starts');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** The case of the finding of this requirement that the campaign saw most often. */
function mostCertainCase(directory: string, of: string): string {
  const { verdicts } = JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')) as {
    verdicts: { requirement: string; findings?: { case: string; reproduces: { failed: number }[] }[] }[];
  };
  const seen = ({ reproduces }: { reproduces: { failed: number }[] }): number => reproduces[0]?.failed ?? 0;
  const findings = verdicts.find(({ requirement }) => requirement === of)!.findings!;
  return join('out', findings.sort((left, right) => seen(right) - seen(left))[0]!.case);
}

/** Everything of an event that names a namespace of pods. */
function namespacesIn(event: TraceEvent): string[] {
  const found = new Set<string>();
  const search = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(search);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        if (/namespace$/i.test(name) && typeof inner === 'string') found.add(inner);
        else search(inner);
      }
    }
  };
  search(event);
  return [...found];
}

/** What plans that can share an agent come to, when as many of them run at once as there are. */
async function runInLanes(
  directory: string,
  seed: string,
  count: number,
  alter: (plan: Plan) => Plan = (plan) => plan,
): Promise<{ seen: CheckedPlan[]; warnings: readonly string[] }> {
  const target = await resolveTarget({ agent: join(directory, 'agent.yaml'), runtime: 'memory' });
  const generate = { ...generateOptionsOf(target.profile, 'live'), sharesAgent: true };
  const plans: Plan[] = [];
  for (let index = 0; plans.length < count; index++) {
    const plan = generateCase({ suites, seed, index, options: generate });
    if (whyAlone(plan) === undefined) plans.push(alter(plan));
  }
  const seen: CheckedPlan[] = [];
  const pool = createLivePool({
    target,
    suites,
    seed,
    generate,
    jobs: count,
    sharesAgent: true,
    onChecked: (checked) => seen.push(checked),
  });
  await pool.open();
  try {
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    await Promise.all(plans.map((plan) => pool.runPlans([plan], signal)));
  } finally {
    await pool.close();
  }
  return { seen, warnings: pool.warnings?.() ?? [] };
}

describe('plans in the lanes of one agent', () => {
  test('see what they would see alone, and one agent serves them all', { timeout: 120_000 }, async () => {
    const directory = agentDirectory('', 'echo start >> starts');
    const { seen } = await runInLanes(directory, 'lanes', 12);
    expect(startsIn(directory)).toBe(1);
    expect(seen).toHaveLength(12);
    const lanes = seen.map(({ outcome }) => (outcome.events[0] as { lane?: number }).lane!);
    expect(new Set(lanes).size).toBe(12);
    seen.forEach(({ outcome: { events } }, index) => {
      const namespaces = new Set(events.flatMap(namespacesIn));
      expect([...namespaces].filter((namespace) => laneOfNamespace(namespace) !== lanes[index])).toEqual([]);
      expect(events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
      for (const source of ['http', 'api'])
        expect(
          events.find((event) => event.kind === 'source.served' && event.source === source),
        ).toMatchObject({
          outcome: 'list',
          pods: [],
        });
    });
    expect(seen.some(({ outcome }) => outcome.events.some(({ kind }) => kind === 'container'))).toBe(true);
    expect(seen.some(({ outcome }) => outcome.events.some(({ kind }) => kind === 'api.request'))).toBe(true);
  });

  test('a call that hangs waits for the agent, which gives up on it', { timeout: 120_000 }, async () => {
    const containers = [{ name: 'main', image: 'registry.example/app:1', workload: {} }];
    const pod = {
      slot: 0,
      identity: { namespace: 'default', name: 'web' },
      specs: [{ restartPolicy: 'Always' as const, graceS: 1, containers }],
    };
    const { seen } = await runInLanes(agentDirectory(), 'hang', 1, (plan) => ({
      ...plan,
      setup: { ...plan.setup, pods: [pod] },
      steps: [
        { id: 's1', do: 'add', source: 'file', pod: 0, spec: 0 },
        { id: 's2', do: 'wait', ms: 400 },
        { id: 's3', do: 'settle' },
      ],
      faults: [{ at: { call: 'RunPodSandbox', pod: 0, nth: 1 }, effect: 'hang' }],
      schedule: [],
    }));
    const { outcome, findings } = seen[0]!;
    expect(outcome.events[0]).toHaveProperty('lane');
    const replies = outcome.events.filter(
      (event) => event.kind === 'runtime.reply' && event.method === 'RunPodSandbox',
    );
    expect(replies[0]).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(replies[1]).toMatchObject({ code: 'OK' });
    expect(findings).toEqual([]);
  });

  test('a broken agent is caught, alone too, and its case replays', { timeout: 600_000 }, async () => {
    const directory = agentDirectory(", '--mutant=sandbox-before-containers'");
    const ended = await conformance(
      [
        'run',
        '--agent',
        'agent.yaml',
        '--share-agent',
        '--cases',
        '40',
        '--seed',
        '2',
        '--bail',
        '--shrink-time',
        '5s',
      ].concat(['--suite', 'termination', '--report', 'out']),
      directory,
    );
    expect(ended.out).toContain('FAIL TERM-02');
    expect(ended.out).toMatch(/live, memory runtime: failed in [3-5] of 5/);
    expect(ended.code).toBe(1);
    // One that failed in three of five executions need not fail in the next.
    const replays: string[] = [];
    while (replays.length < 3 && !replays.at(-1)?.includes('still fails'))
      replays.push((await conformance(['replay', mostCertainCase(directory, 'TERM-02')], directory)).out);
    expect(replays.at(-1)).toContain('still fails: TERM-02');
  });

  test(
    'an agent that dies takes no plan with it: they begin again, and nothing is held against it',
    {
      timeout: 240_000,
    },
    async () => {
      // The first one dies in the midst of its work; those that follow live.
      const directory = agentDirectory(
        '',
        'echo start >> starts; if mkdir first 2>/dev/null; then (sleep 4; kill -9 $$) & fi',
      );
      const { seen, warnings } = await runInLanes(directory, 'lost', 8);
      expect(seen).toHaveLength(8);
      for (const { outcome, findings } of seen) {
        expect(findings).toEqual([]);
        expect(outcome.events.at(-1)).toMatchObject({ kind: 'run.ended', outcome: 'complete' });
        expect(outcome.events.map(({ kind }) => kind)).not.toContain('agent.ended');
      }
      expect(warnings.join()).toContain('The agent ended on its own once while plans shared it');
      expect(startsIn(directory)).toBe(2);
    },
  );
});
