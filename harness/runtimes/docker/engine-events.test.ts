import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DockerEngine } from './docker-engine.js';
import { connectDocker } from './docker-engine.js';
import { watchEngine } from './engine-events.js';

let directory: string;
let cut: () => void;
let engine: DockerEngine;

/** The machine's Docker behind a socket of our own, which can be cut without harm to anyone. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nac-proxy-'));
  const direct = await connectDocker();
  const { socketPath } = direct.container.dockerode.modem as unknown as { socketPath: string };
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'docker.sock'), resolve));
  cut = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const Dockerode = direct.container.dockerode.constructor as new (
    options: object,
  ) => typeof direct.container.dockerode;
  const dockerode = new Dockerode({ socketPath: join(directory, 'docker.sock') });
  engine = { container: { dockerode } } as unknown as DockerEngine;
});
afterEach(() => {
  cut();
  rmSync(directory, { recursive: true, force: true });
});

test('that Docker went away is told once', async () => {
  let ends = 0;
  await watchEngine(engine, { runId: 'none', onEvent: () => {}, onEnd: () => ends++ });
  expect(ends).toBe(0);
  cut();
  await expect.poll(() => ends).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(ends).toBe(1);
});

test('after close nothing is told', async () => {
  let ends = 0;
  const watch = await watchEngine(engine, { runId: 'none', onEvent: () => {}, onEnd: () => ends++ });
  watch.close();
  cut();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ends).toBe(0);
});
