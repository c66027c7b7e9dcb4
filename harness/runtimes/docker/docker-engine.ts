import { existsSync } from 'node:fs';
import { get } from 'node:http';
import type { ContainerRuntimeClient } from 'testcontainers';
import { getContainerRuntimeClient } from 'testcontainers';
import { ExitCode, HarnessError } from '../../core/errors.js';
import { TooLate, withinMs } from '../within.js';
import { openEngineLine, type EngineLine } from './engine-line.js';

/** The engine behind testcontainers, whichever way it was found (socket, DOCKER_HOST, configuration). */
export type DockerEngine = ContainerRuntimeClient & { readonly line: EngineLine };
export type DockerContainerHandle = ReturnType<DockerEngine['container']['getById']>;

const socketDefault = '/var/run/docker.sock';
/** How long an engine may take over its first answer, in milliseconds. */
const answerTimeoutMsDefault = 30_000;

/** Connects to Docker. Rejects with a HarnessError that says what to do when there is none. */
export async function connectDocker(answerTimeoutMs = answerTimeoutMsDefault): Promise<DockerEngine> {
  // The library's own reaper needs an image from a registry; ours does its work.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const host = process.env['DOCKER_HOST'];
  // The library would go on to other engines than the one that was asked for.
  const socket = host?.startsWith('unix://') === true ? host.slice('unix://'.length) : undefined;
  if (socket !== undefined && !existsSync(socket))
    throw dockerMissing(host, new Error('there is no such socket'));
  const engine = await findEngine(host === undefined ? socketDefault : socket, answerTimeoutMs).catch(
    (cause: unknown) => {
      throw dockerMissing(host, cause);
    },
  );
  const { socketPath } = engine.container.dockerode.modem as { readonly socketPath?: string };
  if (socket !== undefined && socketPath !== socket)
    throw dockerMissing(host, new Error('it cannot be used, and no other was asked for'));
  return Object.assign(engine, { line: openEngineLine(engine.container.dockerode) });
}

/** The library waits for ever for an engine that takes the connection and says nothing. */
async function findEngine(
  socketPath: string | undefined,
  timeoutMs: number,
): Promise<ContainerRuntimeClient> {
  // Asked first where that can be given up again: what the library waits for would keep this process.
  if (socketPath !== undefined) await assureAnswers(socketPath, timeoutMs);
  return withinMs(getContainerRuntimeClient(), timeoutMs);
}

/** Rejects when an engine takes the connection and says nothing. Any other trouble the library finds itself. */
function assureAnswers(socketPath: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const ping = get({ socketPath, path: '/_ping', agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume();
      resolve();
    });
    ping.on('error', () => resolve());
    ping.on('timeout', () => {
      reject(new TooLate(`it has not answered for ${timeoutMs / 1_000} s`));
      ping.destroy();
    });
  });
}

function dockerMissing(host: string | undefined, cause: unknown): HarnessError {
  return new HarnessError({
    code: 'docker-missing',
    message: 'Docker does not answer, and the runtime "docker" needs it.',
    exitCode: ExitCode.unavailable,
    path: host === undefined ? undefined : 'DOCKER_HOST',
    expected: `an engine at ${host ?? socketDefault}`,
    got: engineMessage(cause),
    hint: 'Start Docker, or install it (Debian, Ubuntu: apt-get install docker.io), or use --runtime memory. Your user must be allowed to use its socket.',
    cause,
  });
}

/** HTTP status of a refusal by the engine; undefined when the engine did not answer at all. */
export function engineStatus(error: unknown): number | undefined {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** The connection to the engine failed, rather than the engine refused. */
export function isConnectionLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code);
}

/** What the engine said, without the library's framing. */
export function engineMessage(error: unknown): string {
  const { json, message } = error as { json?: { message?: unknown }; message?: string };
  return typeof json?.message === 'string' ? json.message : (message ?? String(error));
}

/** Waits for an order to the engine whose refusal with one of these statuses means that it is done already. */
export async function ignoring(statuses: readonly number[], order: Promise<unknown>): Promise<void> {
  try {
    await order;
  } catch (error) {
    if (!statuses.includes(engineStatus(error) ?? 0)) throw error;
  }
}
