import { request as httpsRequest } from 'node:https';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { createApiServer } from '../../fakes/api-server/api-server.js';
import { createApiStore } from '../../fakes/api-server/api-store.js';
import { createDirectBackend } from '../../fakes/api-server/direct-backend.js';
import { createCertificates } from '../../fakes/api-server/http/create-certificates.js';
import { createHttpFront } from '../../fakes/api-server/http/http-front.js';
import { createRealClock } from '../../harness/core/clock.js';
import { median } from './common.js';

interface Load {
  readonly url: string;
  readonly authority: string;
  readonly pods: number;
  readonly watches: number;
  readonly writes: number;
}

const token = 'bench';
const podsPath = '/api/v1/namespaces/default/pods';
/** Between two writes. */
const pauseMs = 10;

/**
 * Pods and watches over TLS, all of them from another thread: how long after the start of a write its event has come
 * in on each of the watches.
 */
export async function apiServer(load: Omit<Load, 'url' | 'authority'>): Promise<object> {
  const wallClock = (): number => Date.now();
  let uids = 0;
  const store = createApiStore({ wallClock, createUid: () => `uid-${++uids}` });
  const clock = createRealClock();
  const server = createApiServer({ store, wallClock });
  const certificates = await createCertificates(['127.0.0.1']);
  const front = createHttpFront({
    users: [{ token, backend: createDirectBackend({ server, store, clock }) }],
    tls: certificates,
  });
  const url = await front.listen();
  const workerLoad: Load = { ...load, url, authority: certificates.authority };
  const worker = new Worker(new URL(import.meta.url), { workerData: workerLoad });
  const latenciesMs = await new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  await front.close();
  clock.close();
  const sorted = latenciesMs.toSorted((left, right) => left - right);
  return {
    ...load,
    events: sorted.length,
    writeToEventMs: {
      median: median(sorted),
      p99: sorted[Math.floor(sorted.length * 0.99)],
      most: sorted.at(-1),
    },
  };
}

async function runLoad({ url, authority, pods, watches, writes }: Load): Promise<number[]> {
  for (let index = 0; index < pods; index++) await send('POST', podsPath, pod(index));
  const started = new Map<string, number>();
  const latenciesMs: number[] = [];
  let wanted = 0;
  let onAll = (): void => {};
  await Promise.all(Array.from({ length: watches }, () => openWatch(onLine)));
  for (let write = 0; write < writes; write++) {
    const mark = `m${write}`;
    started.set(mark, performance.now());
    wanted += watches;
    const patch = { metadata: { annotations: { mark } } };
    await send('PATCH', `${podsPath}/p${write % pods}`, patch, 'application/merge-patch+json');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  if (latenciesMs.length < wanted) await new Promise<void>((resolve) => (onAll = resolve));
  return latenciesMs;

  function onLine(line: string): void {
    const now = performance.now();
    const mark = /"mark":"(m[0-9]+)"/.exec(line)?.[1];
    if (mark === undefined) return;
    latenciesMs.push(now - started.get(mark)!);
    if (latenciesMs.length === wanted) onAll();
  }

  function headers(more: object = {}): Record<string, string> {
    return { authorization: `Bearer ${token}`, ...more };
  }

  function send(method: string, path: string, body: object, contentType = 'application/json'): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const options = { method, ca: authority, headers: headers({ 'content-type': contentType }) };
      const sent = httpsRequest(url + path, options, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode! < 300) resolve();
          else reject(new Error(`${method} ${path}: ${response.statusCode}`));
        });
      });
      sent.once('error', reject).end(text);
    });
  }

  /** Resolves when the server has accepted it. */
  function openWatch(onLineOf: (line: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const path = `${podsPath}?watch=1&resourceVersion=${pods + 1}`;
      const options = { ca: authority, agent: false, headers: headers() };
      const sent = httpsRequest(url + path, options, (response) => {
        let rest = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop()!;
          lines.forEach(onLineOf);
        });
        resolve();
      });
      sent.once('error', reject).end();
    });
  }
}

/** About as large as pods are. */
function pod(index: number): object {
  const container = (name: string): object => ({
    name,
    image: 'registry.example.org/team/application:v1.2.3',
    env: Array.from({ length: 10 }, (_, number) => ({ name: `VARIABLE_${number}`, value: 'a value' })),
    resources: { limits: { cpu: '1', memory: '1Gi' } },
  });
  return {
    metadata: { name: `p${index}`, labels: { app: 'bench' } },
    spec: { nodeName: 'node-1', containers: [container('main'), container('side')] },
  };
}

if (!isMainThread) parentPort!.postMessage(await runLoad(workerData as Load));
