import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

/** One thing that the suite needs, and whether this machine has it. */
export interface Check {
  readonly name: string;
  /** What it is needed for: `everything` means that nothing works without it. */
  readonly neededFor: 'everything' | '--world live' | '--runtime docker' | '--runtime cri';
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do when it is not there. */
  readonly advice?: string;
}

export interface DoctorEnvironment {
  readonly nodeVersion: string;
  readonly temporaryDirectory: string;
  readonly directory: string;
  /** `DOCKER_HOST`, when it is set. */
  readonly dockerHost: string | undefined;
  readonly busyboxPaths: readonly string[];
  /** Of the CRI runtimes to look at, `unix:///…`. */
  readonly criEndpoints: readonly string[];
}

/** The least Node version that runs the suite. */
const nodeLeast = [20, 19] as const;
const dockerTimeoutMs = 5_000;
const workloadRepository = 'node-agent-conformance/workload:';
/** A unix socket's path may have no more bytes than this (108 with the closing zero; macOS has 104). */
const socketPathMax = 103;
/** The suite puts sockets this deep into the temporary directory. */
const socketSuffixLength = '/conformance-XXXXXXXX/runtime/agent.sock'.length;

/** Where containerd, CRI-O and the adapter of Docker are when nobody has moved them. */
const usualCriSockets = ['/run/containerd/containerd.sock', '/run/crio/crio.sock', '/run/cri-dockerd.sock'];

/** This process's environment. Without an `endpoint` the CRI runtimes are those at the usual places, if there are any. */
export function doctorEnvironment(endpoint?: string): DoctorEnvironment {
  const usual = usualCriSockets.filter((path) => existsSync(path)).map((path) => `unix://${path}`);
  return {
    nodeVersion: process.versions.node,
    temporaryDirectory: tmpdir(),
    directory: process.cwd(),
    dockerHost: process.env['DOCKER_HOST'],
    busyboxPaths: ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/bin/busybox-static'],
    criEndpoints: endpoint === undefined ? usual : [endpoint],
  };
}

/** Tries everything that the suite needs on this machine. Never throws, and changes nothing that stays. */
export async function examine(environment: DoctorEnvironment): Promise<Check[]> {
  const docker = await dockerCheck(environment.dockerHost);
  const runtimes = environment.criEndpoints.length === 0 ? [] : await criChecks(environment.criEndpoints);
  return [
    nodeCheck(environment.nodeVersion),
    coresCheck(),
    reportFolderCheck(environment.directory),
    temporaryCheck(environment.temporaryDirectory),
    await socketCheck(environment.temporaryDirectory),
    docker,
    ...(docker.ok ? [await imageCheck(environment)] : []),
    ...runtimes,
  ];
}

async function criChecks(endpoints: readonly string[]): Promise<Check[]> {
  const { examineRuntime } = await import('../runtimes/cri/examine-runtime.js');
  const checks: Check[] = [];
  for (const endpoint of endpoints)
    checks.push({ name: 'cri runtime', neededFor: '--runtime cri', ...(await examineRuntime(endpoint)) });
  return checks;
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > nodeLeast[0] || (major === nodeLeast[0] && minor >= nodeLeast[1]);
  const found = `Node ${version}`;
  const check = { name: 'node', neededFor: 'everything', ok, found } as const;
  return ok ? check : { ...check, advice: `Install Node ${nodeLeast.join('.')} or later.` };
}

function coresCheck(): Check {
  const cores = availableParallelism();
  const found = `${cores} ${cores === 1 ? 'core' : 'cores'}, all of them are used`;
  return { name: 'cores', neededFor: 'everything', ok: true, found };
}

function reportFolderCheck(directory: string): Check {
  const check = { name: 'report folder', neededFor: 'everything' } as const;
  try {
    accessSync(directory, constants.W_OK);
    return { ...check, ok: true, found: `${directory} can be written` };
  } catch {
    const advice = 'Go to a directory that you can write, or choose one with --report.';
    return { ...check, ok: false, found: `${directory} cannot be written`, advice };
  }
}

function temporaryCheck(directory: string): Check {
  const check = { name: 'temporary directory', neededFor: '--world live' } as const;
  try {
    const made = mkdtempSync(join(directory, 'conformance-doctor-'));
    rmSync(made, { recursive: true });
    return { ...check, ok: true, found: `${directory} can be written` };
  } catch (error) {
    const advice = 'Set TMPDIR to a directory that you can write.';
    return { ...check, ok: false, found: reasonOf(error), advice };
  }
}

/** Sockets have to be readable by their owner only, and their paths have to be short. */
async function socketCheck(temporary: string): Promise<Check> {
  const check = { name: 'unix sockets', neededFor: '--world live' } as const;
  if (Buffer.byteLength(temporary) + socketSuffixLength > socketPathMax) {
    const found = `${temporary} is too long for socket paths inside it`;
    return { ...check, ok: false, found, advice: 'Set TMPDIR to something short, for example /tmp.' };
  }
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(temporary, 'conformance-doctor-'));
    const path = join(directory, 'agent.sock');
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      const mode = statSync(path).mode & 0o777;
      if (mode !== 0o600) {
        const advice = 'Set TMPDIR to a directory on a local file system.';
        return { ...check, ok: false, found: `a socket has mode ${mode.toString(8)} instead of 600`, advice };
      }
    } finally {
      server.close();
    }
    return { ...check, ok: true, found: 'can be made, readable by their owner only' };
  } catch (error) {
    const advice = 'Set TMPDIR to a directory on a local file system.';
    return { ...check, ok: false, found: reasonOf(error), advice };
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

async function dockerCheck(host: string | undefined): Promise<Check> {
  const check = { name: 'docker', neededFor: '--runtime docker' } as const;
  const where = host ?? 'unix:///var/run/docker.sock';
  try {
    const version = JSON.parse(await dockerGet('/version', host)) as { Version?: string; Os?: string };
    return {
      ...check,
      ok: true,
      found: `Docker ${version.Version ?? '?'} (${version.Os ?? '?'}) at ${where}`,
    };
  } catch (error) {
    return { ...check, ok: false, found: `${where}: ${reasonOf(error)}`, advice: dockerAdvice(error) };
  }
}

function dockerAdvice(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
      return 'You may not use the socket: `sudo usermod -aG docker "$USER"`, and log in again.';
    case 'ECONNREFUSED':
      return 'The engine does not run: `sudo systemctl start docker`, or start `dockerd`.';
    default:
      return 'Install Docker Engine (Debian, Ubuntu: `apt-get install docker.io`) and start it. Only --runtime docker needs it.';
  }
}

/** The workload image is built around the machine's static busybox; without one it cannot be. */
async function imageCheck(environment: DoctorEnvironment): Promise<Check> {
  const check = { name: 'workload image', neededFor: '--runtime docker' } as const;
  const busybox = environment.busyboxPaths.find(isStaticProgram);
  if (busybox === undefined) {
    const advice = 'Debian, Ubuntu: `apt-get install busybox-static`. Alpine: `apk add busybox-static`.';
    return { ...check, ok: false, found: 'there is no static busybox to build it around', advice };
  }
  try {
    const text = await dockerGet('/images/json', environment.dockerHost);
    const tags = (JSON.parse(text) as { RepoTags?: string[] | null }[]).flatMap(
      ({ RepoTags }) => RepoTags ?? [],
    );
    const isBuilt = tags.some((tag) => tag.startsWith(workloadRepository));
    return {
      ...check,
      ok: true,
      found: isBuilt ? 'is built' : `is built when first needed, around ${busybox}`,
    };
  } catch (error) {
    return { ...check, ok: false, found: reasonOf(error), advice: 'Look at the log of the Docker engine.' };
  }
}

/** A program that needs a dynamic loader names it in its headers; in an image without one it would not start. */
function isStaticProgram(path: string): boolean {
  try {
    const head = readFileSync(path).subarray(0, 4_096).toString('latin1');
    return head.startsWith('\x7fELF') && !/\/ld-(linux|musl)/.test(head);
  } catch {
    return false;
  }
}

function dockerGet(path: string, host: string | undefined): Promise<string> {
  const target = dockerTarget(host);
  return new Promise((resolve, reject) => {
    const call = request({ ...target, path, agent: false, timeout: dockerTimeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        response.statusCode === 200 ? resolve(body) : reject(new Error(`answers ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${dockerTimeoutMs / 1_000} s`)));
    call.on('error', reject);
    call.end();
  });
}

function dockerTarget(host: string | undefined): { socketPath: string } | { host: string; port: number } {
  if (host === undefined || host === '') return { socketPath: '/var/run/docker.sock' };
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  return { host: url.hostname, port: Number(url.port || 2375) };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file (ENOENT)';
  return message === undefined || message === '' ? String(code ?? error) : message;
}

/** The findings for a terminal: one line each, and what to do below those that failed. */
export function doctorText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  return checks
    .flatMap((check) => [
      `${check.ok ? '✓' : '✗'} ${check.name.padEnd(width)}  ${check.found}`,
      ...(check.advice === undefined
        ? []
        : [`  ${' '.repeat(width)}  needed for ${check.neededFor}. ${check.advice}`]),
    ])
    .map((line) => `${line}\n`)
    .join('');
}
