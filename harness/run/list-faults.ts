import type { Clock } from '../core/clock.js';
import type { CriMethod } from '../spec/plan.js';
import type { Container, ContainerStatus, CriResult, PodSandbox } from '../ports/cri.js';

/** One answer to a list, as it was given. */
export interface ListAnswer {
  readonly atMs: number;
  readonly response: object;
  /** `seq` of the last event that it takes into account. */
  readonly asOf: number;
}

/** Keeps the latest answers to each list, so that an older one can be given again. */
export interface ListHistory {
  keep(method: CriMethod, request: object, response: object, asOf: number): void;
  /** The newest kept answer that is at least `ageMs` old; the oldest when all are younger. */
  olderThan(method: CriMethod, request: object, ageMs: number): ListAnswer | undefined;
}

const keptMax = 64;

export function createListHistory(clock: Clock): ListHistory {
  const answers = new Map<string, ListAnswer[]>();
  return {
    keep(method, request, response, asOf) {
      const key = keyOf(method, request);
      const list = answers.get(key);
      const answer = { atMs: clock.now(), response, asOf };
      if (list === undefined) answers.set(key, [answer]);
      else {
        list.push(answer);
        if (list.length > keptMax) list.shift();
      }
    },
    olderThan(method, request, ageMs) {
      const list = answers.get(keyOf(method, request));
      return list?.findLast((answer) => answer.atMs <= clock.now() - ageMs) ?? list?.[0];
    },
  };
}

function keyOf(method: CriMethod, request: object): string {
  const { filter } = request as { filter?: object | null };
  return filter == null ? method : `${method} ${JSON.stringify(filter)}`;
}

/** The answer without every second entry. */
export function withoutHalf(result: CriResult): CriResult {
  if (result.code !== 'OK') return result;
  const { items, containers } = result.response as { items?: PodSandbox[]; containers?: Container[] };
  const isKept = (_entry: unknown, index: number): boolean => index % 2 === 1;
  if (items !== undefined) return { code: 'OK', response: { items: items.filter(isKept) } };
  if (containers !== undefined) return { code: 'OK', response: { containers: containers.filter(isKept) } };
  return result;
}

/** The answer with every running container in unknown state. */
export function withUnknownState(result: CriResult): CriResult {
  if (result.code !== 'OK') return result;
  const { containers, status } = result.response as { containers?: Container[]; status?: ContainerStatus };
  const state = 'CONTAINER_UNKNOWN' as const;
  if (containers !== undefined) {
    const changed = containers.map((container) =>
      container.state === 'CONTAINER_RUNNING' ? { ...container, state } : container,
    );
    return { code: 'OK', response: { containers: changed } };
  }
  if (status?.state === 'CONTAINER_RUNNING')
    return { code: 'OK', response: { ...result.response, status: { ...status, state } } };
  return result;
}
