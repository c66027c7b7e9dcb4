import type { Clock } from '../../core/clock.js';
import type { CriResult } from '../../ports/cri.js';
import type { StreamingServer } from '../../ports/streams.js';
import { createExecOutput } from '../exec-output.js';
import {
  cannotExecIn,
  cannotForwardTo,
  cannotJoin,
  containerUnknown,
  execTimedOut,
  programMissing,
  sandboxUnknown,
} from '../refusals.js';
import { sessionProblem, wantedStreams } from '../sessions.js';
import type { MemoryHandlers } from './memory-handlers.js';
import type { MemoryOutput } from './memory-output.js';
import { attachSession, execSession, forwardSession } from './memory-sessions.js';
import { killedExitCode, type MemoryStore } from './memory-store.js';
import { startProgram, type ProgramEnds, type RunningProgram } from './programs.js';
import type { ContainerRecord } from './records.js';

/** What runs in simulated containers beside their workload. */
export function createMemoryCommands(parts: {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly output: MemoryOutput;
  readonly streaming: StreamingServer | undefined;
}): MemoryHandlers {
  const { store, clock, output, streaming } = parts;

  /** Undefined when there is no such program. What runs in a container ends with it. */
  function start(
    record: ContainerRecord,
    words: readonly string[],
    ends: ProgramEnds,
  ): RunningProgram | undefined {
    let ended = false;
    const place = {
      clock,
      isReady: () => clock.now() - record.startedAtMs >= (record.workload.readyMs ?? 0),
      exitWorkload: (exitCode: number) => store.endContainer(record, exitCode, 'workload'),
      terminateWorkload: () => store.signalTerm(record),
    };
    const exit = (exitCode: number): void => {
      if (ended) return;
      ended = true;
      const index = record.waiters.indexOf(killed);
      if (index >= 0) record.waiters.splice(index, 1);
      ends.exit(exitCode);
    };
    const killed = (): void => {
      program?.cancel();
      exit(killedExitCode);
    };
    const write: ProgramEnds['write'] = (name, data) => {
      if (!ended) ends.write(name, data);
    };
    // It may have ended when this returns.
    const program = startProgram(words, place, { write, exit });
    if (program !== undefined && !ended) record.waiters.push(killed);
    return program;
  }

  async function offer(session: Parameters<StreamingServer['offer']>[0]): Promise<CriResult> {
    return streaming!.offer(session);
  }

  const handlers: MemoryHandlers = {
    ExecSync({ containerId, cmd, timeout = 0 }, reply) {
      const record = store.containers.get(containerId);
      if (record === undefined) return reply(containerUnknown('ExecSync', containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(cannotExecIn(record.item.state));
      const collected = createExecOutput();
      let isOpen = true;
      const answer = (result: CriResult): void => {
        if (!isOpen) return;
        isOpen = false;
        deadline?.cancel();
        reply(result);
      };
      const deadline =
        timeout > 0
          ? clock.after(timeout * 1_000, () => {
              program?.cancel();
              answer(execTimedOut(timeout));
            })
          : undefined;
      const program = start(record, cmd, {
        write: (name, data) => collected.add(name, Buffer.from(data as string)),
        exit: (exitCode) => answer(collected.answer(exitCode)),
      });
      if (program === undefined) answer(programMissing(cmd[0] ?? ''));
    },
  };
  if (streaming === undefined) return handlers;
  return {
    ...handlers,
    Exec(request, reply) {
      const record = store.containers.get(request.containerId);
      if (record === undefined) return reply(containerUnknown('Exec', request.containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(cannotJoin(record.item.state));
      const wanted = wantedStreams(request);
      const problem = sessionProblem(wanted);
      if (problem !== undefined) return reply(problem);
      const session = execSession(wanted, (ends) => start(record, request.cmd, ends), request.cmd);
      void offer(session).then(reply);
    },
    Attach(request, reply) {
      const record = store.containers.get(request.containerId);
      if (record === undefined) return reply(containerUnknown('Attach', request.containerId));
      if (record.item.state !== 'CONTAINER_RUNNING') return reply(cannotJoin(record.item.state));
      const wanted = wantedStreams(request);
      const problem = sessionProblem(wanted);
      if (problem !== undefined) return reply(problem);
      void offer(attachSession(wanted, record, { output, store })).then(reply);
    },
    PortForward({ podSandboxId, port = [] }, reply) {
      const record = store.sandboxes.get(podSandboxId);
      if (record === undefined) return reply(sandboxUnknown('PortForward', podSandboxId));
      if (record.item.state !== 'SANDBOX_READY') return reply(cannotForwardTo());
      void offer(forwardSession(record, port)).then(reply);
    },
  };
}
