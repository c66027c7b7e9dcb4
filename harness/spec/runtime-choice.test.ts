import { expect, test } from 'vitest';
import { criEndpoint, isRuntimeChoice } from './runtime-choice.js';

test.each([
  ['cri:unix:///run/x.sock', 'unix:///run/x.sock'],
  ['cri:/run/x.sock', 'unix:///run/x.sock'],
  ['cri:unix://run/x.sock', undefined],
  ['cri:tcp://127.0.0.1:1', undefined],
  ['cri:', undefined],
  ['docker', undefined],
])('the endpoint of %s is %s', (runtime, endpoint) => {
  expect(criEndpoint(runtime)).toBe(endpoint);
  expect(isRuntimeChoice(runtime)).toBe(endpoint !== undefined || runtime === 'docker');
});
