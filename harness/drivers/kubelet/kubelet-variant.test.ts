import { expect, test } from 'vitest';
import { parseKubeletVariant } from './kubelet-variant.js';

test.each([
  ['kubelet', { standalone: false, slowResync: false }],
  ['kubelet:standalone', { standalone: true, slowResync: false }],
  ['kubelet:slow-resync', { standalone: false, slowResync: true }],
  ['kubelet:slow-resync, standalone', { standalone: true, slowResync: true }],
  ['./kubelet', undefined],
  ['kubelet.yaml', undefined],
  ['reference', undefined],
])('reads %j', (given, variant) => {
  expect(parseKubeletVariant(given)).toEqual(variant);
});

test.each(['kubelet:', 'kubelet:fast', 'kubelet:standalone,standalon'])('refuses %j', (given) => {
  expect(() => parseKubeletVariant(given)).toThrow(
    expect.objectContaining({ code: 'kubelet-variant-unknown', exitCode: 64, got: given }),
  );
});
