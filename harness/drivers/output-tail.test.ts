import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createOutputTail } from './output-tail.js';

async function tailOf(chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const tail = createOutputTail();
  const stream = new PassThrough();
  tail.read(stream);
  for (const chunk of chunks) stream.write(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  return tail.lines();
}

test('lines are put together from chunks, the open one included', async () => {
  expect(await tailOf(['on', 'e\ntwo\nthr', 'ee'])).toEqual(['one', 'two', 'three']);
});

test('a character that is cut in two by a chunk is one', async () => {
  const bytes = Buffer.from('grün\n');
  expect(await tailOf([bytes.subarray(0, 3), bytes.subarray(3)])).toEqual(['grün']);
});

test('neither many lines nor long ones are all kept', async () => {
  const lines = await tailOf(Array.from({ length: 500 }, (_, index) => `line ${index}\n`));
  expect(lines).toHaveLength(20);
  expect(lines.at(-1)).toBe('line 499');
  const [long] = await tailOf(Array.from({ length: 100 }, () => 'x'.repeat(1_000)));
  expect(long).toHaveLength(500);
});
