import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '../../harness/core/clock.js';
import { loadCriProtocol } from '../../harness/core/cri-protocol.js';
import { createDisturbances } from '../../harness/run/disturbances.js';
import { createPodSlots } from '../../harness/run/pod-slots.js';
import { requestProblem } from '../../harness/run/request-problem.js';
import { createRuntimeBoundary } from '../../harness/run/runtime-boundary.js';
import { createCriServer } from '../../harness/runtimes/cri-server/cri-server.js';
import { createMemoryBackend } from '../../harness/runtimes/memory/memory-backend.js';
import type { CriMethod, Plan } from '../../harness/spec/plan.js';
import { createJournal } from '../../harness/trace/journal.js';
import { median, timed } from './common.js';

const image = 'conformance/workload:v1';
const emptyPlan: Plan = {
  plan: 1,
  seed: 'bench',
  suite: 'bench',
  setup: { sources: ['file'], timings: {}, pods: [] },
  steps: [],
  faults: [],
  schedule: [],
};

type Call = (method: CriMethod, request: object) => Promise<object>;

/**
 * What a call of the agent costs with all that is between it and the simulated containers (server, journal, boundary),
 * beside a server of grpc-js alone that sends back the same message on a socket of the same kind.
 */
export async function criCalls(callsPerRound: number): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-bench-'));
  const suite = await openSuite(join(directory, 'cri.sock'));
  const calls = openClient(suite.endpoint);
  const podSandboxId = await fill(calls.call);
  const asked = {
    ContainerStatus: { containerId: (await listIds(calls.call))[0]! },
    ListContainers: {},
    PodSandboxStatus: { podSandboxId },
  } as const;
  const results: Record<string, object> = {};
  for (const [method, request] of Object.entries(asked) as [CriMethod, object][]) {
    const echo = await openEcho(join(directory, `${method}.sock`), method, await calls.call(method, request));
    const bare = openClient(echo.endpoint);
    const times = { suite: [] as number[], bare: [] as number[], ratio: [] as number[] };
    for (let round = 0; round <= 10; round++) {
      const order = round % 2 === 0 ? (['suite', 'bare'] as const) : (['bare', 'suite'] as const);
      const took = { suite: 0, bare: 0 };
      for (const which of order) {
        const { call } = which === 'suite' ? calls : bare;
        const { wallMs } = await timed(async () => {
          for (let index = 0; index < callsPerRound; index++) await call(method, request);
        });
        took[which] = (wallMs * 1_000) / callsPerRound;
      }
      // The first round finds caches cold.
      if (round === 0) continue;
      times.suite.push(took.suite);
      times.bare.push(took.bare);
      times.ratio.push(took.suite / took.bare);
    }
    results[method] = {
      callMicros: median(times.suite),
      echoMicros: median(times.bare),
      ratio: median(times.ratio),
    };
    bare.close();
    echo.close();
  }
  calls.close();
  await suite.close();
  rmSync(directory, { recursive: true, force: true });
  return results;
}

async function openSuite(socketPath: string): Promise<{ endpoint: string; close(): Promise<void> }> {
  const clock = createRealClock();
  const journal = createJournal(clock);
  const slots = createPodSlots([], 'node-1');
  const { boundary, backend } = createRuntimeBoundary({
    clock,
    journal,
    slots,
    disturbances: createDisturbances(emptyPlan, journal, slots),
    backend: (observer) => createMemoryBackend({ clock, observer, epochMs: Date.now() - clock.now() }),
    latencyMs: () => 0,
    replyLatencyMs: 0,
    crashAgent() {},
    onActivity() {},
    onPull() {},
    onOwnExit() {},
  });
  const life = { incarnation: 1, alive: true };
  const server = createCriServer({
    socketPath,
    handle(method, request, reply) {
      const problem = requestProblem(method, request);
      if (problem === undefined) boundary.handle(life, method, request as never, reply);
      else reply(problem);
    },
    subscribeEvents: () => () => {},
  });
  await server.start();
  return {
    endpoint: server.endpoint,
    async close() {
      await server.close();
      await backend.close();
      clock.close();
    },
  };
}

/** Ten pods of one container each; the id of the last sandbox. */
async function fill(call: Call): Promise<string> {
  await call('PullImage', { image: { image } });
  let podSandboxId = '';
  for (let index = 0; index < 10; index++) {
    const metadata = { name: `pod-${index}`, uid: `uid-${index}`, namespace: 'default', attempt: 0 };
    const labels = { 'io.kubernetes.pod.uid': `uid-${index}`, 'io.kubernetes.pod.name': `pod-${index}` };
    ({ podSandboxId } = (await call('RunPodSandbox', { config: { metadata, labels } })) as {
      podSandboxId: string;
    });
    const config = { metadata: { name: 'main', attempt: 0 }, image: { image }, labels };
    const { containerId } = (await call('CreateContainer', { podSandboxId, config })) as {
      containerId: string;
    };
    await call('StartContainer', { containerId });
  }
  return podSandboxId;
}

async function listIds(call: Call): Promise<string[]> {
  const { containers } = (await call('ListContainers', {})) as { containers: { id: string }[] };
  return containers.map(({ id }) => id);
}

async function openEcho(
  socketPath: string,
  method: CriMethod,
  response: object,
): Promise<{ endpoint: string; close(): void }> {
  const { path, requestDeserialize, responseSerialize } = loadCriProtocol().get(method)!;
  const server = new Server();
  const echo = (_call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): void =>
    answer(null, response);
  server.register(path, echo, responseSerialize, requestDeserialize, 'unary');
  const endpoint = `unix://${socketPath}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(endpoint, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return { endpoint, close: () => server.forceShutdown() };
}

function openClient(endpoint: string): { call: Call; close(): void } {
  const protocol = loadCriProtocol();
  const client = new Client(endpoint, credentials.createInsecure());
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = protocol.get(method)!;
        client.makeUnaryRequest<object, object>(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          (error, response) => (error === null ? resolve(response!) : reject(error)),
        );
      }),
    close: () => client.close(),
  };
}
