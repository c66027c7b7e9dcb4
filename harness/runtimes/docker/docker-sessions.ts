import type { Duplex } from 'node:stream';
import { Duplex as DuplexStream } from 'node:stream';
import type { CriRequest, CriResult } from '../../ports/cri.js';
import type {
  CommandSession,
  ForwardSession,
  SessionEnd,
  SessionStreams,
  StreamingServer,
} from '../../ports/streams.js';
import {
  cannotForwardTo,
  cannotJoin,
  containerUnknown,
  programMissing,
  sandboxUnknown,
} from '../refusals.js';
import { sessionProblem, wantedStreams, type WantedStreams } from '../sessions.js';
import { engineMessage } from './docker-engine.js';
import type { DockerHandlers } from './docker-handlers.js';
import type { ContainerRecord, SandboxRecord } from './docker-records.js';
import { createFrameReader } from './frames.js';

/** Sessions of clients in real containers: the engine carries them, this connects the two. */
export function createDockerSessions(known: {
  readonly sandboxes: ReadonlyMap<string, SandboxRecord>;
  readonly containers: ReadonlyMap<string, ContainerRecord>;
  readonly streaming: StreamingServer;
}): DockerHandlers {
  const { sandboxes, containers, streaming } = known;

  function joined(
    method: 'Exec' | 'Attach',
    request: CriRequest<'Exec'> | CriRequest<'Attach'>,
    sessionOf: (wanted: WantedStreams, record: ContainerRecord) => CommandSession,
  ): Promise<CriResult> | CriResult {
    const record = containers.get(request.containerId);
    if (record === undefined) return containerUnknown(method, request.containerId);
    if (record.item.state !== 'CONTAINER_RUNNING') return cannotJoin(record.item.state);
    const wanted = wantedStreams(request);
    return sessionProblem(wanted) ?? streaming.offer(sessionOf(wanted, record));
  }

  return {
    Exec: (request) => joined('Exec', request, (wanted, record) => execSession(wanted, record, request.cmd)),
    Attach: (request) => joined('Attach', request, attachSession),
    PortForward({ podSandboxId, port = [] }) {
      const record = sandboxes.get(podSandboxId);
      if (record === undefined) return sandboxUnknown('PortForward', podSandboxId);
      if (record.item.state !== 'SANDBOX_READY') return cannotForwardTo();
      return streaming.offer(forwardSession(record, port));
    },
  };
}

function execSession(wanted: WantedStreams, record: ContainerRecord, command: string[]): CommandSession {
  const run = async (streams: SessionStreams): Promise<SessionEnd> => {
    const exec = await record.handle.exec({
      Cmd: command,
      Tty: wanted.tty,
      AttachStdin: wanted.stdin,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: wanted.stdin, Tty: wanted.tty });
    // The client's window has no size yet when the program begins, and the engine refuses it when it has ended.
    streams.onResize(({ width, height }) => void exec.resize({ w: width, h: height }).catch(() => {}));
    await carry(stream, streams, wanted.tty);
    const { ExitCode: exitCode, Pid: pid } = await exec.inspect();
    if (exitCode === 126 && pid === 0) return { error: messageOf(programMissing(command[0] ?? '')) };
    return { exitCode: exitCode ?? 137 };
  };
  return { kind: 'exec', command, ...wanted, run: (streams) => run(streams).catch(asEnd) };
}

function attachSession(wanted: WantedStreams, record: ContainerRecord): CommandSession {
  const isTerminal = record.tty;
  const run = async (streams: SessionStreams): Promise<SessionEnd> => {
    const { stdin, stdout, stderr } = wanted;
    const stream = await record.handle.attach({ stream: true, hijack: true, stdin, stdout, stderr });
    streams.onResize(
      ({ width, height }) => void record.handle.resize({ w: width, h: height }).catch(() => {}),
    );
    await carry(stream as unknown as Duplex, streams, isTerminal);
    return { exitCode: 0 };
  };
  return { kind: 'attach', command: [], ...wanted, run: (streams) => run(streams).catch(asEnd) };
}

/** A program in the sandbox's container makes the connection: it is on the pod's network, also behind 127.0.0.1. */
function forwardSession(sandbox: SandboxRecord, ports: readonly number[]): ForwardSession {
  return {
    kind: 'portforward',
    ports,
    async connect(port) {
      const exec = await sandbox.handle.exec({
        Cmd: ['/bin/nc', '127.0.0.1', String(port)],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      });
      return connection(await exec.start({ hijack: true, stdin: true }), port);
    },
  };
}

/** The output of the program and its input as one stream, which fails with what the program complains of. */
function connection(stream: Duplex, port: number): Duplex {
  let complaint = '';
  const made: Duplex = new DuplexStream({
    read: () => void stream.resume(),
    write: (data: Buffer, _encoding, done) => void stream.write(data, () => done()),
    final: (done) => stream.end(() => done()),
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
  const read = createFrameReader((name, data) => {
    if (name === 'stderr') complaint += data.toString();
    else if (!made.push(data)) stream.pause();
  });
  stream.on('data', read);
  stream.once('error', (error) => made.destroy(error));
  stream.once('end', () => {
    if (complaint === '') made.push(null);
    else
      made.destroy(new Error(`failed to connect to localhost:${port} inside the pod: ${complaint.trim()}`));
  });
  return made;
}

/** Both ways until the output ends, or the client goes away. */
function carry(stream: Duplex, streams: SessionStreams, isTerminal: boolean): Promise<void> {
  const { stdin, stdout, stderr, gone } = streams;
  return new Promise((resolve) => {
    const show = (target: SessionStreams['stdout'], data: Buffer): void => {
      if (target === undefined || target.write(data) || stream.isPaused()) return;
      stream.pause();
      target.once('drain', () => stream.resume());
    };
    const read = createFrameReader((name, data) => show(name === 'stderr' ? stderr : stdout, data));
    stream.on('data', isTerminal ? (data: Buffer) => show(stdout, data) : read);
    const finish = (): void => resolve();
    stream.once('end', finish);
    stream.once('close', finish);
    stream.once('error', finish);
    stdin?.pipe(stream);
    gone.addEventListener('abort', () => stream.destroy(), { once: true });
  });
}

function asEnd(error: unknown): SessionEnd {
  return { error: engineMessage(error) };
}

function messageOf(refusal: CriResult): string {
  return refusal.code === 'OK' ? '' : (refusal as { message: string }).message;
}
