import { expect, test } from 'vitest';
import { tracedResponse } from './traced-response.js';

test('a trace keeps the beginning of what a command wrote, and the code whole', () => {
  const response = { stdout: Buffer.alloc(1_000_000, 'x'), stderr: Buffer.from('short'), exitCode: 3 };
  expect(tracedResponse('ExecSync', response)).toEqual({
    stdout: Buffer.alloc(4_096, 'x'),
    stderr: Buffer.from('short'),
    exitCode: 3,
  });
  expect(response.stdout).toHaveLength(1_000_000);
});

test('all other answers are kept as they are', () => {
  const small = { stdout: Buffer.from('a'), stderr: Buffer.alloc(0), exitCode: 0 };
  expect(tracedResponse('ExecSync', small)).toBe(small);
  const list = { containers: [] };
  expect(tracedResponse('ListContainers', list)).toBe(list);
});
