import type { FaultEffect } from '../spec/plan.js';

/** The effects of faults that swarm flags may switch off. */
export const faultEffects: readonly FaultEffect[] = [
  'errorBefore',
  'errorAfter',
  'lostReply',
  'hang',
  'delay',
  'staleList',
  'partialList',
  'unknownState',
  'crashBefore',
  'crashAfter',
  'eventLost',
  'eventDoubled',
  'status',
  'empty',
  'oversize',
  'malformed',
  'halfWritten',
  'reset',
  'stale',
  'duplicate',
];
