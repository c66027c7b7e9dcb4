import { expect, test } from 'vitest';
import type { CriMethod } from '../spec/plan.js';
import { requestProblem } from './request-problem.js';

const metadata = { name: 'web', uid: 'u', namespace: 'default' };

test.each<[CriMethod, unknown]>([
  ['Version', {}],
  ['ListContainers', { filter: null }],
  ['RunPodSandbox', { config: { metadata } }],
  ['CreateContainer', { podSandboxId: 's', config: { metadata, image: { image: 'i' } } }],
  ['StopContainer', { containerId: '' }],
  ['ExecSync', { containerId: 'c', cmd: [] }],
])('%s %j is whole', (method, request) => {
  expect(requestProblem(method, request as object)).toBeUndefined();
});

test.each<[string, unknown, string]>([
  ['RunPodSandbox', {}, 'config.metadata'],
  ['RunPodSandbox', { config: null }, 'config.metadata'],
  ['RunPodSandbox', { config: { metadata: { name: 5 } } }, 'config.metadata'],
  ['CreateContainer', { podSandboxId: 's', config: { metadata } }, 'config.image'],
  ['StopContainer', undefined, 'the request'],
  ['StopPodSandbox', { podSandboxId: 7 }, 'podSandboxId'],
  ['ExecSync', { containerId: 'c', cmd: 'ls' }, 'cmd'],
  ['PullImage', { image: null }, 'image'],
])('%s %j is refused', (method, request, part) => {
  expect(requestProblem(method as CriMethod, request as object)).toEqual({
    code: 'INVALID_ARGUMENT',
    message: `${part} is missing`,
  });
});

test.each(['Nonsense', '__proto__', 'constructor'])('the method %s is unknown', (method) => {
  expect(requestProblem(method as CriMethod, {})).toMatchObject({ code: 'UNIMPLEMENTED' });
});
