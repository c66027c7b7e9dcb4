import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkRights, findKubelet } from './find-kubelet.js';

const directory = mkdtempSync(join(tmpdir(), 'find-kubelet-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A program that answers --version so. */
function program(name: string, answer: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`);
  chmodSync(path, 0o755);
  return path;
}

test.each([
  ['is not there', () => join(directory, 'nowhere'), 'kubelet-missing', /no such program/],
  ['is no kubelet', () => program('other', 'other 1.2.3'), 'kubelet-unknown', /other 1\.2\.3/],
  ['says nothing', () => program('silent', ''), 'kubelet-unknown', /nothing/],
  ['is too old', () => program('old', 'Kubernetes v1.20.2'), 'kubelet-too-old', /v1\.20\.2/],
  ['is too new', () => program('new', 'Kubernetes v1.99.0'), 'kubelet-too-new', /v1\.99\.0/],
])('a program that %s is refused', (_name, make, code, got) => {
  const path = make();
  expect(() => findKubelet(path)).toThrow(
    expect.objectContaining({ code, exitCode: 69, file: path, got: expect.stringMatching(got) as string }),
  );
});

test('only root may', () => {
  expect(() => checkRights(0)).not.toThrow();
  expect(() => checkRights(1000)).toThrow(
    expect.objectContaining({ code: 'kubelet-needs-root', exitCode: 69, got: 'user 1000' }),
  );
});
