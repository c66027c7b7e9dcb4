import { createServer, type Server } from 'node:http';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doctorText, examine, type Check, type DoctorEnvironment } from './doctor.js';

let directory: string;
let server: Server | undefined;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'doctor-'))));
afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const environment = (parts: Partial<DoctorEnvironment> = {}): DoctorEnvironment => ({
  nodeVersion: '20.19.0',
  temporaryDirectory: directory,
  directory,
  dockerHost: `unix://${join(directory, 'docker.sock')}`,
  busyboxPaths: [],
  criEndpoints: [],
  ...parts,
});

async function check(name: string, parts: Partial<DoctorEnvironment> = {}): Promise<Check | undefined> {
  return (await examine(environment(parts))).find((candidate) => candidate.name === name);
}

/** An engine that answers as Docker's does. */
async function engine(images: object[], status = 200): Promise<void> {
  server = createServer((request, response) => {
    response.statusCode = status;
    response.end(JSON.stringify(request.url === '/version' ? { Version: '27.1', Os: 'linux' } : images));
  });
  await new Promise<void>((resolve) => server!.listen(join(directory, 'docker.sock'), resolve));
}

test.each([
  ['20.18.3', false],
  ['20.19.0', true],
  ['22.1.0', true],
  ['18.20.0', false],
])('Node %s: %s', async (nodeVersion, ok) => {
  expect(await check('node', { nodeVersion })).toMatchObject({ ok, found: `Node ${nodeVersion}` });
});

test('sockets and temporary files are tried for real, and nothing stays behind', async () => {
  expect(await check('unix sockets')).toMatchObject({ ok: true });
  expect(await check('temporary directory')).toMatchObject({ ok: true });
  expect(readdirSync(directory)).toEqual([]);
});

test('a temporary directory that is missing, or too long for sockets, gets advice', async () => {
  const missing = join(directory, 'none');
  const expected = { ok: false, advice: expect.stringContaining('TMPDIR') as string };
  expect(await check('temporary directory', { temporaryDirectory: missing })).toMatchObject(expected);
  expect(await check('unix sockets', { temporaryDirectory: missing })).toMatchObject(expected);
  const long = join(directory, 'x'.repeat(90));
  mkdirSync(long);
  expect(await check('unix sockets', { temporaryDirectory: long })).toMatchObject(expected);
});

test('a report folder that cannot be written is needed for everything', async () => {
  expect(await check('report folder', { directory: join(directory, 'none') })).toMatchObject({
    ok: false,
    neededFor: 'everything',
  });
});

test('no Docker: what to do, and no check of its image', async () => {
  const checks = await examine(environment());
  expect(checks.at(-1)).toMatchObject({ name: 'docker', ok: false, neededFor: '--runtime docker' });
  expect(doctorText(checks)).toMatch(
    /✗ docker +unix:.*ENOENT.*\n +needed for --runtime docker\. Install Docker/,
  );
});

test.each([
  [[{ RepoTags: null }, { RepoTags: ['node-agent-conformance/workload:0123'] }], /^is built$/],
  [[{ RepoTags: ['busybox:1'] }], /^is built when first needed, around .*static$/],
])('Docker that answers with the images %j', async (images, found) => {
  await engine(images);
  const busyboxPaths = [join(directory, 'none'), join(directory, 'dynamic'), join(directory, 'static')];
  writeFileSync(busyboxPaths[1]!, '\x7fELF /lib64/ld-linux-x86-64.so.2');
  writeFileSync(busyboxPaths[2]!, '\x7fELF');
  const version = expect.stringContaining('27.1') as string;
  expect(await check('docker')).toMatchObject({ ok: true, found: version });
  const expected = { ok: true, found: expect.stringMatching(found) as string };
  expect(await check('workload image', { busyboxPaths })).toMatchObject(expected);
});

test('no static busybox: the image cannot be built', async () => {
  await engine([]);
  expect(await check('workload image')).toMatchObject({
    ok: false,
    advice: expect.stringContaining('busybox-static') as string,
  });
});

test('Docker that is broken', async () => {
  await engine([], 500);
  expect(await check('docker')).toMatchObject({
    ok: false,
    found: expect.stringContaining('answers 500') as string,
  });
});
