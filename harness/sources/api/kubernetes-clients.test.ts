import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ADD, CoreV1Api, DELETE, KubeConfig, makeInformer, UPDATE } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRealClock } from '../../core/clock.js';
import type { LiveSource } from '../../ports/source.js';
import { createTestContext, step } from '../testing/test-context.js';
import { peopleKubeconfigOf } from './kubeconfig-files.js';
import { createLiveApiSource } from './live-api-source.js';

/** Clients that others wrote, unmodified, against the live server. */
let directory: string;
let context: ReturnType<typeof createTestContext>;
let source: LiveSource;
let kubeconfig: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kubernetes-clients-'));
  context = createTestContext(createRealClock());
  source = createLiveApiSource(context, { directory });
  kubeconfig = peopleKubeconfigOf(await source.open());
});

afterAll(async () => {
  await source.close();
  rmSync(directory, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function podText(name: string, image: string): string {
  return `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  nodeName: node-1
  containers: [{ name: main, image: "${image}", env: [{ name: A, value: "1" }] }]
`;
}

describe('kubectl', () => {
  const environment = { ...process.env, HOME: '', KUBECONFIG: '' };

  beforeAll(() => {
    const asked = spawnSync('kubectl', ['version', '--client']);
    // The set-up installs it: without it this would be green for nothing.
    expect(asked.status, 'kubectl is not there: scripts/setup-machine.sh').toBe(0);
    environment.HOME = directory;
    environment.KUBECONFIG = kubeconfig;
  });

  /** Output and errors as one text, as people see it. */
  async function kubectl(...words: string[]): Promise<string> {
    const run = promisify(execFile)('kubectl', words, { env: environment, timeout: 30_000 });
    const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }

  test('get and describe show pods and nodes as people know them', async () => {
    source.apply(step({ do: 'add', source: 'api', pod: 1, spec: 0 }));
    const wide = await kubectl('get', 'pods', '--all-namespaces', '-o', 'wide');
    expect(wide).toMatch(/^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +IP +NODE /);
    expect(wide).toMatch(/^default +db +0\/1 +Pending +0 +\d+s +<none> +node-1 /m);
    expect(await kubectl('get', 'no')).toMatch(/^node-1 +Unknown +<none> /m);
    expect(await kubectl('describe', 'pod', 'db')).toMatch(/Containers:\n {2}main:/);
    expect(await kubectl('describe', 'node', 'node-1')).toMatch(/Non-terminated Pods: +\(1 in total\)/);
    expect(await kubectl('get', 'pods', '-l', 'app=nobody')).toMatch(/No resources found/);
    expect(await kubectl('get', 'pods', 'nobody')).toMatch(/\(NotFound\): pods "nobody" not found/);
    expect(await kubectl('get', 'all')).toMatch(/pod\/db.*service\/kubernetes/s);
    expect(await kubectl('api-resources')).toMatch(/^pods +po +v1 +true +Pod/m);
  });

  test('apply creates, changes and checks, and delete ends', async () => {
    const first = file('first.yaml', podText('web', 'workload:v1'));
    const second = file('second.yaml', podText('web', 'workload:v2'));
    expect(await kubectl('apply', '-f', first)).toBe('pod/web created\n');
    expect(await kubectl('apply', '-f', first)).toBe('pod/web unchanged\n');
    expect(await kubectl('apply', '-f', second)).toBe('pod/web configured\n');
    expect(await kubectl('get', 'pod', 'web', '-o', 'jsonpath={.spec.containers[0].image}')).toBe(
      'workload:v2',
    );
    const wrong = file('wrong.yaml', podText('wrong', 'workload:v1').replace('spec:', 'spce:'));
    expect(await kubectl('apply', '-f', wrong)).toMatch(/unknown field "spce"/);
    expect(await kubectl('explain', 'pod')).toMatch(/KIND: +Pod.*FIELDS:.*spec/s);
    expect(await kubectl('label', 'pod', 'web', 'x=y')).toBe('pod/web labeled\n');
    expect(await kubectl('delete', 'pod', 'web', '--grace-period=0', '--force')).toMatch(
      /"web" force deleted/,
    );
    expect(await kubectl('get', 'pod', 'web')).toMatch(/NotFound/);
  });

  test('get --watch follows', async () => {
    const watching = spawn('kubectl', ['get', 'pods', '-A', '-w'], { env: environment });
    let output = '';
    watching.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      await expect.poll(() => output, { timeout: 20_000 }).toMatch(/db/);
      await kubectl('apply', '-f', file('late.yaml', podText('late', 'workload:v1')));
      await kubectl('delete', 'pod', 'late', '--wait=false');
      await expect.poll(() => output, { timeout: 20_000 }).toMatch(/default +late .*Terminating/);
    } finally {
      watching.kill();
    }
    await kubectl('delete', 'pod', 'late', '--grace-period=0', '--force');
  });
});

describe('the informer of @kubernetes/client-node', () => {
  test('sees what is there, changes, a forgotten past and a server that was away', async () => {
    // It is the agent here, whose watches the plan disturbs; people write.
    const [agent, people] = [new KubeConfig(), new KubeConfig()];
    agent.loadFromFile(join(directory, 'kubeconfig'));
    people.loadFromFile(kubeconfig);
    const api = people.makeApiClient(CoreV1Api);
    const reader = agent.makeApiClient(CoreV1Api);
    let lists = 0;
    const informer = makeInformer(agent, '/api/v1/namespaces/default/pods', () => {
      lists++;
      return reader.listNamespacedPod({ namespace: 'default' });
    });
    const seen: string[] = [];
    for (const event of [ADD, UPDATE, DELETE] as const)
      informer.on(event, (pod) => void seen.push(`${event} ${pod.metadata?.name ?? ''}`));
    // It stops at errors; whoever wants more starts it again.
    informer.on('error', () => setTimeout(() => void informer.start().catch(() => {}), 50));
    const sees = (text: string) => expect.poll(() => seen, { timeout: 20_000 }).toContain(text);
    const create = (name: string) =>
      api.createNamespacedPod({
        namespace: 'default',
        body: {
          metadata: { name },
          spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'i' }] },
        },
      });
    const remove = (name: string) =>
      api.deleteNamespacedPod({ name, namespace: 'default', gracePeriodSeconds: 0 });
    await create('before');
    await informer.start();
    await sees('add before');
    await create('one');
    await sees('add one');
    const pod = await api.readNamespacedPod({ name: 'one', namespace: 'default' });
    pod.metadata!.labels = { changed: 'yes' };
    await api.replaceNamespacedPod({ name: 'one', namespace: 'default', body: pod });
    await sees('update one');
    expect(informer.get('one', 'default')?.metadata?.labels).toEqual({ changed: 'yes' });
    await remove('one');
    await sees('delete one');
    // A watch that ends is resumed where it was: without a list.
    const listsBefore = lists;
    expect(source.apply(step({ do: 'watch', how: 'close' })).applied).toBe(true);
    await create('two');
    await sees('add two');
    expect(lists).toBe(listsBefore);
    // The server forgets, and says 410.
    expect(source.apply(step({ do: 'watch', how: 'gone' })).applied).toBe(true);
    await remove('two');
    await sees('delete two');
    expect(lists).toBeGreaterThan(listsBefore);
    source.apply(step({ do: 'outage', source: 'api', phase: 'begin' }));
    await remove('before');
    source.apply(step({ do: 'outage', source: 'api', phase: 'end' }));
    await sees('delete before');
    await informer.stop();
  });
});
