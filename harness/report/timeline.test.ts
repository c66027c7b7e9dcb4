import { expect, test } from 'vitest';
import type { TraceEvent, TraceEventBody } from '../trace/events.js';
import { timelineOf } from './timeline.js';

const pod = { podUid: 'uid-web', podNamespace: 'default', podName: 'web-node-1' };

function callOf(call: number): TraceEventBody {
  return {
    kind: 'runtime.request',
    actor: 'agent',
    call,
    method: 'RunPodSandbox',
    incarnation: 1,
    request: {},
    ...pod,
  };
}

test('a call says what the runtime answered, in the words of the runtime where it refused', () => {
  const bodies: TraceEventBody[] = [
    {
      kind: 'sandbox',
      actor: 'runtime',
      id: 'sb1',
      ...pod,
      attempt: 0,
      state: 'ready',
      cause: 'agent',
    },
    callOf(1),
    {
      kind: 'runtime.reply',
      actor: 'runtime',
      call: 1,
      method: 'RunPodSandbox',
      code: 'UNKNOWN',
      message: 'no room\u001b[31m for sandboxes',
    },
    callOf(2),
    { kind: 'runtime.reply', actor: 'runtime', call: 2, method: 'RunPodSandbox', code: 'OK', response: {} },
    callOf(3),
  ];
  const trace: TraceEvent[] = bodies.map((body, index) => ({ t: index, seq: index, ...body }));
  const { lanes } = timelineOf(trace, { atMs: 5, subject: 'default/web-node-1' });
  const calls = lanes.find((lane) => lane.group === 'default/web-node-1' && lane.name === 'calls');
  expect(calls?.spans.map(({ title, tone }) => [title.replace(/^.*\(call \d\): /, ''), tone])).toEqual([
    ['UNKNOWN: no room\\u001b[31m for sandboxes', 'bad'],
    ['OK', 'busy'],
    ['no answer', 'bad'],
  ]);
});
