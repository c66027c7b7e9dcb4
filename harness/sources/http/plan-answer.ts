import type { Fault } from '../../spec/plan.js';
import type { SourceServed } from '../../trace/events.js';
import { garbageText, halfOf } from '../manifest-text.js';
import type { ManifestDocument } from './manifest-document.js';

/** What one poll is to get. `served` is how the journal tells it once the agent has it. */
export type HttpAnswer = {
  /** On top of the usual latency, in milliseconds. */
  readonly delayMs: number;
  readonly served: SourceServed;
} & (
  | { readonly how: 'respond'; readonly status: number; readonly body: string }
  /** The connection is cut before an answer. */
  | { readonly how: 'reset' }
  /** No answer at all. */
  | { readonly how: 'hang' }
);

/** A manifest of more than this, in bytes, is refused by agents. */
export const oversizeBytes = 10 * 1024 * 1024 + 1;

/** A valid document without pods: an agent that takes it where it should not stops them all. */
export const emptyListText = '{"apiVersion":"v1","kind":"PodList","items":[]}\n';

/** Statuses whose answers never have a body. */
const bodiless: ReadonlySet<number> = new Set([204, 304]);

/** How old a stale document is when the fault does not say. */
export const staleDefaultMs = 10_000;

/** The answer that `document` gives to a poll which `fault` hits. */
export function planAnswer(document: ManifestDocument, fault: Fault | undefined): HttpAnswer {
  const usual = { how: 'respond', status: 200, delayMs: 0 } as const;
  const { current } = document;
  switch (fault?.effect) {
    case 'status': {
      const status = fault.status ?? 500;
      if (status === 200) break;
      // A status below 200 is not a whole answer, and Node refuses to send one.
      const sent = status < 200 ? 500 : status;
      return { ...usual, status: sent, body: bodyOf(sent, fault), served: failed(`status ${sent}`) };
    }
    case 'empty':
      return { ...usual, body: '', served: { ...servedBase, outcome: 'list', pods: [] } };
    case 'oversize':
      return { ...usual, body: emptyListText.padEnd(oversizeBytes, '\n'), served: failed('oversize') };
    case 'malformed':
      return { ...usual, body: garbageText, served: failed('undecodable') };
    case 'halfWritten':
      if (current.text === '') break;
      return { ...usual, body: halfOf(current.text), served: failed('undecodable') };
    case 'hang':
      return { how: 'hang', delayMs: 0, served: failed('hang') };
    case 'reset':
      return { how: 'reset', delayMs: 0, served: failed('connection reset') };
    case 'stale': {
      const old = document.asOf(fault.ms ?? staleDefaultMs);
      const isStale = old.revision !== current.revision;
      return { ...usual, body: old.text, served: servedOf(old, isStale) };
    }
    case 'delay':
      return { ...usual, delayMs: fault.ms ?? 1_000, body: current.text, served: servedOf(current, false) };
    default:
      break;
  }
  return { ...usual, body: current.text, served: servedOf(current, false) };
}

function bodyOf(status: number, { body }: Fault): string {
  if (bodiless.has(status)) return '';
  switch (body) {
    case 'empty':
      return '';
    case 'emptyList':
      return emptyListText;
    case undefined:
      return `status ${status}\n`;
  }
}

const servedBase = { kind: 'source.served', actor: 'source:http', source: 'http' } as const;

/** An answer that says nothing about pods. */
export function failed(detail: string): SourceServed {
  return { ...servedBase, outcome: 'error', detail };
}

/** An answer that shows the document in this state. */
export function servedOf(state: ManifestDocument['current'], isStale: boolean): SourceServed {
  const stale = isStale ? { stale: true } : {};
  const { revision } = state;
  if (!state.valid) return { ...servedBase, outcome: 'error', revision, detail: 'undecodable', ...stale };
  return { ...servedBase, outcome: 'list', revision, pods: state.pods, ...stale };
}
