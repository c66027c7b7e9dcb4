import type { Fault } from '../../spec/plan.js';
import type { PlanDraft } from '../draft.js';

const garbage = [
  'apiVersion: v1\nkind: Pod\nmetadata: {name: [',
  '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"',
  'kind: Pod\napiVersion: v1\nspec: {}\n',
  'just some text',
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n',
] as const;

/** A removal or edit seen while some source has not delivered yet, with a restart before or after. */
export function unreadySource(draft: PlanDraft): void {
  const late = draft.source(['http', 'api', 'feed']);
  const others = draft.sources.filter((source) => source !== late);
  const pod = draft.runningPod(others.length > 0 ? { source: draft.pick(others) } : {});
  // A directory is always there: with nothing else, this is a restart between two inputs.
  if (late !== 'file') draft.step({ do: 'outage', source: late, phase: 'begin' });
  if (draft.oneIn(3)) draft.remove(pod);
  draft.restartAgent(draft.live ? 20 : draft.prng.int(0, 600));
  draft.wait(draft.oneIn(2) ? 'between' : 'start', pod.source);
  if (pod.state === 'listed') {
    if (draft.oneIn(3)) draft.update(pod);
    else draft.remove(pod);
  } else {
    draft.add(pod);
  }
  const another = draft.oneIn(3);
  if (another) draft.add(draft.absentPod(pod.source));
  // On a real clock it has to be waited for.
  const isLong = another && draft.oneIn(draft.live ? 6 : 2);
  draft.wait(isLong ? 'overdue' : draft.oneIn(2) ? 'between' : 'start', pod.source);
  if (draft.oneIn(5)) draft.restartAgent();
  if (late !== 'file') draft.step({ do: 'outage', source: late, phase: 'end' });
  draft.wait('start', late);
}

/** Editors, renames and rubbish in the manifest directory. */
export function directoryNoise(draft: PlanDraft): void {
  const pod = draft.runningPod({ source: 'file' });
  const count = draft.prng.int(2, 4);
  for (let index = 0; index < count; index++) {
    switch (draft.prng.int(0, 5)) {
      case 0:
      case 1:
        draft.step({
          do: 'noise',
          source: 'file',
          what: draft.pick(['dotFile', 'dotFile', 'subdirectory', 'emptyFile', 'swapFile']),
          ...(draft.oneIn(3) ? {} : { pod: pod.slot, spec: pod.version }),
        });
        break;
      case 2:
        draft.step({
          do: 'malformed',
          source: 'file',
          ...(draft.oneIn(2) ? {} : { pod: pod.slot }),
          ...(draft.oneIn(4) ? { unreadable: true } : { text: draft.pick(garbage) }),
        });
        break;
      case 3:
        draft.step({ do: 'rename', source: 'file', pod: pod.slot });
        break;
      case 4:
        draft.update(pod);
        break;
      default:
        // What leaves the directory must not come back because another file changes.
        draft.remove(pod);
        draft.wait('start', 'file');
        draft.add(draft.absentPod('file'));
        break;
    }
    draft.wait(draft.pick(['within', 'between', 'start']), 'file');
    if (pod.state === 'absent' && draft.oneIn(2)) draft.add(pod);
  }
}

/** Bad and empty answers of the manifest URL, and an old document that returns. */
export function httpTrouble(draft: PlanDraft): void {
  const pod = draft.runningPod({ source: 'http' });
  switch (draft.prng.int(0, 8)) {
    case 0:
      // A, nothing, A again.
      for (const listed of draft.listed('http')) draft.remove(listed);
      draft.wait('start', 'http');
      draft.add(pod);
      break;
    case 1:
      // One bad entry beside good ones.
      if (draft.listed('http').length < 2) draft.add(draft.absentPod('http'));
      draft.wait('start', 'http');
      draft.step({ do: 'malformed', source: 'http', pod: pod.slot });
      draft.wait('start', 'http');
      draft.update(pod);
      break;
    case 2:
      // A document that says nothing at all.
      draft.step({ do: 'malformed', source: 'http', text: draft.pick(garbage) });
      draft.wait('start', 'http');
      draft.update(pod);
      break;
    case 3:
      draft.step({ do: 'outage', source: 'http', phase: 'begin' });
      draft.wait('start', 'http');
      if (draft.oneIn(2)) draft.update(pod);
      draft.step({ do: 'outage', source: 'http', phase: 'end' });
      break;
    default: {
      const effect = draft.pick([
        'status',
        'status',
        'empty',
        'oversize',
        'malformed',
        'halfWritten',
        'hang',
        'reset',
        'stale',
        'delay',
      ] as const);
      const count = draft.prng.int(1, 3);
      draft.fault({
        at: { source: 'http', poll: draft.aboutNth(draft.timings.httpCheckMs) + draft.prng.int(0, 2) },
        effect,
        ...(effect === 'status' ? drawStatus(draft) : {}),
        ...(effect === 'delay' || effect === 'stale' ? { ms: draft.prng.int(20, 2_000) } : {}),
        ...(count > 1 ? { count } : {}),
      });
      if (draft.oneIn(2)) draft.update(pod, { back: draft.oneIn(2) });
    }
  }
  draft.wait('start', 'http');
  if (draft.oneIn(3)) draft.wait('between', 'http');
}

/** Neither the code nor the body alone tells that an answer is none: a good document comes with any of them. */
function drawStatus(draft: PlanDraft): Pick<Fault, 'status' | 'body'> {
  const status = draft.oneIn(3) ? draft.pick([204, 206]) : draft.pick([302, 304, 401, 404, 410, 500, 503]);
  if (status === 204 || status === 304 || draft.oneIn(4)) return { status };
  return { status, body: draft.oneIn(3) ? 'empty' : 'emptyList' };
}

/** Watches that end, 410 Gone with changes in the gap, and an API server that is down. */
export function apiTrouble(draft: PlanDraft): void {
  const pod = draft.runningPod({ source: 'api' });
  switch (draft.prng.int(0, 7)) {
    case 0:
    case 1:
      draft.step({
        do: 'watch',
        how: draft.pick(['close', 'gone', 'compact', 'bookmark', 'duplicate', 'reorder']),
      });
      draft.wait(draft.pick(['instant', 'within', 'between']), 'api');
      draft.update(pod);
      break;
    case 2:
    case 3:
      // A gap that only a full list can bridge.
      draft.step({ do: 'outage', source: 'api', phase: 'begin' });
      draft.wait('between', 'api');
      if (draft.oneIn(2)) draft.remove(pod);
      else draft.update(pod);
      if (draft.oneIn(2)) draft.add(draft.absentPod('api'));
      draft.step({ do: 'watch', how: draft.pick(['gone', 'compact']) });
      draft.step({ do: 'outage', source: 'api', phase: 'end' });
      break;
    case 4:
      // Everything else goes on while the server is away.
      draft.step({ do: 'outage', source: 'api', phase: 'begin' });
      draft.wait('between', 'api');
      draft.step({ do: 'exitContainer', pod: pod.slot, container: 'main', code: 1 });
      if (draft.has('file')) draft.add(draft.absentPod('file'));
      draft.wait(draft.oneIn(2) ? 'overdue' : 'start', 'api');
      draft.step({ do: 'outage', source: 'api', phase: 'end' });
      break;
    default:
      draft.fault({
        at: {
          source: 'api',
          request: draft.pick(['list', 'watch', 'watchEvent', 'patch']),
          resource: 'pods',
          nth: draft.prng.int(1, 6),
        },
        effect: draft.pick(['status', 'reset', 'hang', 'delay', 'stale', 'duplicate']),
        status: draft.pick([410, 429, 500, 503]),
        ms: draft.prng.int(50, draft.live ? 300 : 3_000),
      });
      draft.update(pod);
  }
  draft.wait('start', 'api');
}
