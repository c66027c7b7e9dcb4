import { expect, test } from 'vitest';
import { VirtualClock } from '../../../harness/core/virtual-clock.js';
import type { ApiPort } from '../../../harness/ports/agent.js';
import { kubeletTimings } from '../../../harness/spec/timings.js';
import { createTestServer } from '../../api-server/testing-objects.js';
import { referenceDecisions } from '../reference-decisions.js';
import { readApi } from './read-api.js';

test('a node whose registration is refused is registered later, and its pods do not wait for that', async () => {
  const { ask } = createTestServer({ node: 'n1' });
  const clock = new VirtualClock();
  const seen: string[] = [];
  let refusals = 2;
  const port: ApiPort = {
    url: '',
    async request(request) {
      const isRegistration = request.method === 'POST' && request.path === '/api/v1/nodes';
      if (isRegistration && refusals-- > 0) return { status: 500, body: {} };
      return ask(request.method, request.path, request);
    },
    watch: () => ({ close() {} }),
  };
  const scheduler = {
    clock,
    stopped: () => false,
    after: (delayMs: number, callback: () => void) => clock.after(delayMs, callback),
  };
  readApi(
    {
      nodeName: 'n1',
      timings: kubeletTimings,
      decisions: referenceDecisions,
      scheduler,
      random: () => 0,
      startedAtMs: 0,
      log: () => {},
      deliver: (pods) => void seen.push(`${pods.length} pods`),
      hold: () => {},
    },
    port,
    {
      onObjects: () => {},
      onAnswer: () => {},
      onNode: ({ uid }) => void seen.push(uid),
      isMirror: () => false,
    },
  );
  const answered = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  await answered();
  expect(seen).toEqual(['0 pods']);
  for (let steps = 0; steps < 4; steps++) {
    clock.step();
    await answered();
  }
  const { metadata } = ask('GET', '/api/v1/nodes/n1').body as { metadata: { uid: string } };
  expect(seen).toEqual(['0 pods', metadata.uid]);
});
