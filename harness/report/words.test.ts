import { expect, test } from 'vitest';
import { planSchema, type Fault, type Plan, type Step } from '../spec/plan.js';
import { exampleFinding, exampleTrace, hostileText } from './example-result.js';
import { eventWords } from './event-words.js';
import { escapeHtml, printable } from './sanitize.js';
import { count, deviationWords, durationWords, faultWords, ordinal, podWords, stepWords } from './words.js';

const { plan } = exampleFinding();

test.each<[Step, string]>([
  [
    { id: 's', do: 'add', source: 'file', pod: 0, spec: 0, form: { format: 'json', write: 'truncate' } },
    'add pod web to the manifest directory (version 1), as JSON, truncated first, filled 20 ms later',
  ],
  [
    { id: 's', do: 'update', source: 'http', pod: 0, spec: 1 },
    'change pod web in the manifest URL to version 2',
  ],
  [{ id: 's', do: 'remove', source: 'api', pod: 0 }, 'remove pod web from the API server'],
  [
    { id: 's', do: 'delete', source: 'feed', pod: 0, graceS: 3 },
    'ask the feed to delete pod web gracefully with 3 s of grace',
  ],
  [{ id: 's', do: 'malformed', source: 'http' }, 'make a document in the manifest URL malformed'],
  [{ id: 's', do: 'outage', source: 'api', phase: 'begin' }, 'make the API server unreachable'],
  [{ id: 's', do: 'damage', pod: 0, how: 'remove' }, 'the sandbox of web is removed from outside'],
  [{ id: 's', do: 'wait', ms: 1_500 }, 'wait 1.5 s'],
  [{ id: 's', do: 'remove', source: 'api', pod: 7 }, 'remove pod slot 7 (no such pod) from the API server'],
])('a step in words: %j', (step, words) => expect(stepWords(step, plan)).toBe(words));

test.each<[Fault, string]>([
  [
    { at: { call: 'StopContainer', pod: 0, container: 'main', nth: 1 }, effect: 'lostReply' },
    'the reply to the 1st StopContainer of web, container main is lost; its effect is not',
  ],
  [
    { at: { call: 'PullImage', nth: 2 }, effect: 'errorBefore', code: 'INTERNAL', count: 3 },
    'the 2nd PullImage fails with INTERNAL and does nothing, 3 times in a row',
  ],
  [
    { at: { source: 'http', poll: 11 }, effect: 'status', status: 503 },
    'the 11th poll of the manifest URL is answered with status 503',
  ],
  [
    { at: { source: 'http', poll: 1 }, effect: 'status', status: 404, body: 'emptyList' },
    'the 1st poll of the manifest URL is answered with status 404 and a list without pods',
  ],
  [
    { at: { source: 'http', poll: 1 }, effect: 'status', body: 'empty' },
    'the 1st poll of the manifest URL is answered with status 500 and an empty body',
  ],
  [
    { at: { source: 'api', request: 'watchEvent', pod: 0, nth: 1 }, effect: 'duplicate' },
    'the 1st watch event for web at the API server is delivered twice',
  ],
  [
    { at: { call: 'CreateContainer', nth: 1 }, effect: 'crashAfter', downMs: 250 },
    'the agent crashes just after the 1st CreateContainer took effect and stays down for 250 ms',
  ],
])('a fault in words: %j', (fault, words) => expect(faultWords(fault, plan)).toBe(words));

test('a deviation, and the pods, in words', () => {
  expect(deviationWords({ message: { kind: 'delivery', source: 'api', nth: 3 }, delayMs: 2_000 }, plan)).toBe(
    'the 3rd delivery of the API server takes 2 s longer',
  );
  expect(podWords(plan)[0]).toBe(
    'web: version 1: restart Always, grace 5 s, container main (workload:1 --stop-ms=2000); ' +
      'version 2: restart Always, grace 5 s, container main (workload:2)',
  );
});

test('pods that share a name are told apart by their slot', () => {
  const pod = plan.setup.pods[0]!;
  const shared: Plan = { ...plan, setup: { ...plan.setup, pods: [pod, { ...pod, slot: 1 }] } };
  expect(stepWords({ id: 's', do: 'remove', source: 'file', pod: 1 }, shared)).toContain('web [slot 1]');
});

test('every kind of step and fault that a plan may have gets words of its own', () => {
  // The schema names them; a new one without words makes this fail instead of printing "undefined".
  const kinds = planSchema.shape.steps.element.options.map((option) => option.shape.do.value);
  const filler = {
    id: 's',
    source: 'file',
    pod: 0,
    spec: 0,
    form: {},
    what: 'dotFile',
    phase: 'end',
    downMs: 1,
    container: 'main',
    code: 1,
    image: 'i',
    ms: 1,
  } as const;
  const how: Record<string, string> = {
    watch: 'gone',
    restartAgent: 'stop',
    damage: 'kill',
    runtime: 'restart',
  };
  const words = kinds.map((kind) =>
    stepWords({ ...filler, do: kind, how: how[kind] } as unknown as Step, plan),
  );
  expect(new Set(words).size).toBe(kinds.length);
  const effects = planSchema.shape.faults.element.shape.effect.options;
  const faults = effects.map((effect) =>
    faultWords({ at: { call: 'ListContainers', nth: 1 }, effect }, plan),
  );
  expect(new Set(faults).size).toBe(effects.length);
  for (const text of [...words, ...faults]) expect(text).not.toMatch(/undefined|NaN|\[object/);
});

test('events in words', () => {
  const words = exampleTrace().map((event) => eventWords(event));
  expect(words).toContain('the manifest directory now holds 1 pod: web');
  expect(words).toContain('the agent calls CreateContainer for main of web-node-1 (call 2)');
  expect(words).toContain('container main of web-node-1 (attempt 1) runs');
  expect(words).toContain('the agent asks the API server: patch pods/status web-node-1 → status 409');
  expect(words).toContain('the agent starts again (life 2)');
  const [step] = exampleTrace().filter((event) => event.kind === 'step');
  expect(eventWords(step!, plan)).toBe('step s1: add pod web to the manifest directory (version 1)');
});

test('a request to create something names it', () => {
  const request = {
    kind: 'api.request',
    actor: 'agent',
    verb: 'create',
    resource: 'pods',
    query: {},
    status: 201,
  } as const;
  const stamp = { t: 0, seq: 0, namespace: 'team' };
  const named = eventWords({ ...request, ...stamp, body: { metadata: { name: 'web-node-1' } } });
  expect(named).toBe('the agent asks the API server: create pods team/web-node-1 → status 201');
  for (const body of [undefined, null, {}, { metadata: { name: 1 } }, 'text'])
    expect(eventWords({ ...request, ...stamp, body })).toBe(
      'the agent asks the API server: create pods → status 201',
    );
});

test('what comes from outside cannot steer a terminal or a page', () => {
  const shown = printable(hostileText);
  // eslint-disable-next-line no-control-regex
  expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\ud800]/);
  expect(shown).toContain('\\u001b[2J');
  expect(escapeHtml(hostileText)).not.toMatch(/[<>"']/);
  for (const event of exampleTrace(hostileText)) {
    // eslint-disable-next-line no-control-regex
    expect(eventWords(event)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  }
  expect(printable('x'.repeat(10_000)).length).toBe(2_001);
  expect(printable('Grüße, 世界 🎉')).toBe('Grüße, 世界 🎉');
});

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [112, '112th'],
  [21, '21st'],
])('%d is %s', (value, text) => expect(ordinal(value)).toBe(text));

test('numbers as people write them', () => {
  expect([250, 2_500, 119_000, 180_000].map(durationWords)).toEqual(['250 ms', '2.5 s', '119 s', '3 min']);
  expect([count(1, 'case'), count(1_234, 'case')]).toEqual(['1 case', '1,234 cases']);
});
