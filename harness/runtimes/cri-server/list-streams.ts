import type { CriMethod } from '../../spec/plan.js';

/** A list that is also had in pieces. */
export interface ListStream {
  readonly of: CriMethod;
  /** Names of the items: in the answer of the list, and in each piece. */
  readonly items: string;
  readonly piece: string;
}

/** Newer agents may ask for their lists like this; to a runtime they are the lists that they were. */
export const listStreams: ReadonlyMap<string, ListStream> = new Map([
  ['StreamPodSandboxes', { of: 'ListPodSandbox', items: 'items', piece: 'podSandboxes' }],
  ['StreamContainers', { of: 'ListContainers', items: 'containers', piece: 'containers' }],
  ['StreamContainerStats', { of: 'ListContainerStats', items: 'stats', piece: 'containerStats' }],
  ['StreamPodSandboxStats', { of: 'ListPodSandboxStats', items: 'stats', piece: 'podSandboxStats' }],
  [
    'StreamPodSandboxMetrics',
    { of: 'ListPodSandboxMetrics', items: 'podMetrics', piece: 'podSandboxMetrics' },
  ],
  ['StreamImages', { of: 'ListImages', items: 'images', piece: 'images' }],
]);

const pieceItemsMax = 500;

/** The pieces of a list's answer; none of an empty list. */
export function piecesOf({ items, piece }: ListStream, response: object): object[] {
  const all = (response as Record<string, readonly object[] | undefined>)[items] ?? [];
  const pieces: object[] = [];
  for (let at = 0; at < all.length; at += pieceItemsMax) {
    pieces.push({ [piece]: all.slice(at, at + pieceItemsMax) });
  }
  return pieces;
}
