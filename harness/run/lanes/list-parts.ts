import type { CriMethod } from '../../spec/plan.js';
import type { CriResult } from '../../ports/cri.js';

/** As much of an entry as says whose it is: a sandbox, or a container in one. */
export interface ListPart {
  readonly id: string;
  readonly podSandboxId?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

type ListMethod = 'ListPodSandbox' | 'ListContainers';

export function isList(method: CriMethod): method is ListMethod {
  return method === 'ListPodSandbox' || method === 'ListContainers';
}

const noEntries: Readonly<Record<ListMethod, CriResult>> = {
  ListPodSandbox: listOf('ListPodSandbox', []),
  ListContainers: listOf('ListContainers', []),
};

/**
 * Cuts an answer up by whose the entries are. What is no list, and what is refused, is the same for everybody. A part is
 * the same object however often it is asked for.
 */
export function cutList<Owner>(
  method: CriMethod,
  result: CriResult,
  ownerOf: (entry: ListPart) => Owner | undefined,
): (owner: Owner) => CriResult {
  if (!isList(method) || result.code !== 'OK') return () => result;
  const parts = new Map<Owner, ListPart[]>();
  for (const entry of entriesOf(method, result)) {
    const owner = ownerOf(entry);
    if (owner === undefined) continue;
    const part = parts.get(owner);
    if (part === undefined) parts.set(owner, [entry]);
    else part.push(entry);
  }
  const answers = new Map<Owner, CriResult>();
  for (const [owner, entries] of parts) answers.set(owner, listOf(method, entries));
  return (owner) => answers.get(owner) ?? noEntries[method];
}

/** The whole answer again, after each part may have become another: what is in no part stays as it was. */
export function joinLists(
  method: CriMethod,
  whole: CriResult,
  isInPart: (entry: ListPart) => boolean,
  parts: readonly CriResult[],
): CriResult {
  if (!isList(method) || whole.code !== 'OK') return whole;
  const entries = entriesOf(method, whole).filter((entry) => !isInPart(entry));
  for (const part of parts) {
    if (part.code !== 'OK') return part;
    entries.push(...entriesOf(method, part));
  }
  return listOf(method, entries);
}

function entriesOf(method: ListMethod, result: CriResult): ListPart[] {
  const { items, containers } = (result as { response: object }).response as {
    items?: ListPart[];
    containers?: ListPart[];
  };
  return (method === 'ListPodSandbox' ? items : containers) ?? [];
}

function listOf(method: ListMethod, entries: readonly ListPart[]): CriResult {
  const response = method === 'ListPodSandbox' ? { items: entries } : { containers: entries };
  return { code: 'OK', response };
}
