import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { podOf, renderManifest } from '../spec/manifest.js';
import { decodeManifest, garbageText, halfOf } from './manifest-text.js';
import { testPods } from './testing/test-context.js';

const pod = podOf(testPods[0]!, 0);

describe('halfOf', () => {
  const forms = [
    { format: 'json' },
    { format: 'yaml' },
    { format: 'yaml', comment: 'kind: see the spec' },
    { format: 'json', comment: 'x' },
  ] as const;
  for (const form of forms) {
    for (const content of [pod, { pods: [pod] }, { pods: [] }]) {
      it(`is never a document: ${JSON.stringify(form)}, ${'pods' in content ? content.pods.length : 'one pod'}`, () => {
        const half = halfOf(renderManifest(content, form));
        expect(half.length).toBeGreaterThan(0);
        expect(() => parse(half, { logLevel: 'error' }) as unknown).toThrow();
      });
    }
  }
});

describe('decodeManifest', () => {
  it('reads back what we render', () => {
    for (const format of ['json', 'yaml'] as const) {
      expect(decodeManifest(renderManifest(pod, { format }))).toEqual({ pods: [pod], valid: true });
      expect(decodeManifest(renderManifest({ pods: [pod, pod] }, { format }))).toEqual({
        pods: [pod, pod],
        valid: true,
      });
    }
  });

  it('finds the valid pods of a list that is not wholly valid', () => {
    const spoiled = { ...pod, spec: { ...pod.spec, containers: [] } };
    expect(decodeManifest(renderManifest({ pods: [spoiled, pod] }))).toEqual({ pods: [pod], valid: false });
  });

  const bomb = [
    'a: &a [x,x]',
    ...'bcdefghijk'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefghij'[i]},`.repeat(9)}]`),
  ];
  const refused = {
    garbage: garbageText,
    nothing: '',
    'another kind': 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n',
    'no name': JSON.stringify({ ...pod, metadata: {} }),
    'a reference to the API': JSON.stringify({ ...pod, spec: { ...pod.spec, serviceAccountName: 'x' } }),
    'an alias bomb': bomb.join('\n'),
    'a spec that contains itself':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: &s {containers: [{name: a, image: b}], self: *s}\n',
    'labels that contain themselves':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {self: *l}}\nspec: {containers: [{name: a, image: b}]}\n',
  };
  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}`, () => expect(decodeManifest(text)).toEqual({ pods: [], valid: false }));
  }
});
