import { simEpochMs, type ApiPort, type ApiPortRequest } from '../../ports/agent.js';
import type { Life, SimSource, SourceContext } from '../../ports/source.js';
import { createApiGate, type ApiGate } from './api-gate.js';
import type { Outcome } from '../../../fakes/api-server/api-backend.js';

/** How long a request takes to arrive, in milliseconds; its answer takes as long. */
const requestMs = 1;

const noQuery: Readonly<Record<string, string>> = {};

/** The API source of the simulated world: the whole server in virtual time, without sockets. */
export function createSimApiSource(context: SourceContext): SimSource<ApiPort> {
  const { clock } = context;
  let hasPort = false;
  const gate = createApiGate(context, {
    wallClock: () => simEpochMs + clock.now(),
    latencies: { replyMs: requestMs, eventMs: 1 },
    isAttended: () => hasPort,
  });
  return {
    kind: 'api',
    apply: (step) => gate.apply(step),
    heal: () => gate.heal(),
    busy: () => gate.busy(),
    port(life) {
      hasPort = true;
      gate.begin();
      return {
        url: 'https://api.sim.invalid:6443',
        request: (request) => ask(context, gate, { life, request }),
        watch: (request, onEvent, onEnd) => openWatch(context, gate, { life, request, onEvent, onEnd }),
      };
    },
  };
}

function ask(
  { clock }: SourceContext,
  gate: ApiGate,
  { life, request }: { readonly life: Life; readonly request: ApiPortRequest },
): ReturnType<ApiPort['request']> {
  return new Promise((resolve, reject) => {
    clock.after(requestMs, () =>
      gate.request(life, request, (outcome) => {
        if (outcome.kind === 'answer') resolve(outcome.answer);
        else reject(errorOf(outcome));
      }),
    );
  });
}

function errorOf(outcome: Exclude<Outcome, { kind: 'answer' }>): Error {
  if (outcome.kind === 'cut')
    return Object.assign(new Error(`the connection fails: ${outcome.code}`), outcome);
  return Object.assign(new Error('the answer of the API server is no JSON'), { code: 'ERR_UNDECODABLE' });
}

interface WatchRequest {
  readonly life: Life;
  readonly request: Parameters<ApiPort['watch']>[0];
  readonly onEvent: Parameters<ApiPort['watch']>[1];
  readonly onEnd: Parameters<ApiPort['watch']>[2];
}

function openWatch(
  { clock }: SourceContext,
  gate: ApiGate,
  { life, request, onEvent, onEnd }: WatchRequest,
): { close(): void } {
  let isClosed = false;
  let open: { close(): void } | undefined;
  const end = (status: number): void => {
    // A refusal travels as long as any answer; a cut is noticed at once, which no caller can tell apart.
    clock.after(requestMs, () => {
      if (isClosed || !life.alive) return;
      isClosed = true;
      onEnd(status);
    });
  };
  clock.after(requestMs, () => {
    if (isClosed || !life.alive) return;
    const query = request.query ?? noQuery;
    open = gate.watch({ caller: life, onEvent, onEnd: end }, { path: request.path, query });
  });
  return {
    close() {
      isClosed = true;
      open?.close();
    },
  };
}
