import { expect, test } from 'vitest';
import { servedAgentOf } from './served-agent.js';

test.each([
  ['no agent', {}, 'no --agent'],
  ['an agent file', { agent: 'agent.yaml' }, '--agent agent.yaml'],
])('%s names its own program', async (_what, agent, got) => {
  await expect(servedAgentOf({ ...agent, agentBinary: './kubelet' })).rejects.toMatchObject({
    code: 'usage',
    exitCode: 64,
    path: '--agent-binary',
    got,
  });
});

test('a kubelet that is not there is told before anybody waits for it', async () => {
  const asked = { agent: 'kubelet', agentBinary: './no/kubelet' };
  await expect(servedAgentOf(asked)).rejects.toMatchObject({ code: 'kubelet-missing', exitCode: 69 });
});

test('nothing is known of an agent that is not named', async () => {
  expect(await servedAgentOf({})).toBeUndefined();
});
