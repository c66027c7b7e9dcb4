import { expect, test } from 'vitest';
import type { Pod } from '../../../harness/spec/pod.js';
import { referenceDecisions } from '../reference-decisions.js';
import { decodeManifest } from './decode-manifest.js';
import { completeStaticPod, type StaticOrigin } from './static-pod.js';

const origin: StaticOrigin = {
  source: 'file',
  nodeName: 'Node-1',
  address: '/manifests/web.yaml',
  text: '',
  lifeMs: 0,
};

function complete(text: string, changes: Partial<StaticOrigin> = {}): Pod {
  const [raw] = decodeManifest(text).pods;
  return completeStaticPod(raw!, { ...origin, text, ...changes }, referenceDecisions);
}

const text =
  '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"main","image":"i"}]}}';

test('a manifest gets the name of the node, a namespace and annotations', () => {
  const pod = complete(text);
  expect(pod.metadata).toMatchObject({ name: 'web-node-1', namespace: 'default' });
  expect(pod.metadata.annotations).toEqual({
    'kubernetes.io/config.source': 'file',
    'kubernetes.io/config.hash': pod.metadata.uid,
  });
});

test('format, comments, defaults written out and the life of the agent do not change the UID', () => {
  const uid = complete(text).metadata.uid;
  const yaml = `# comment
kind: Pod
apiVersion: v1
spec: {restartPolicy: Always, containers: [{image: i, name: main}], terminationGracePeriodSeconds: 30}
metadata: {name: web, namespace: default}`;
  expect(complete(yaml).metadata.uid).toBe(uid);
  expect(complete(text, { lifeMs: 7 }).metadata.uid).toBe(uid);
});

test('content and origin change the UID', () => {
  const uids = [
    complete(text),
    complete(text.replace('"i"', '"j"')),
    complete(text.replace('{"name":"web"}', '{"name":"web","labels":{"a":"b"}}')),
    complete(text, { address: '/manifests/other.yaml' }),
    complete(text, { source: 'http', address: 'http://host/' }),
  ].map((pod) => pod.metadata.uid);
  expect(new Set(uids).size).toBe(uids.length);
});

test('an explicit UID is kept, and the hash still follows the content', () => {
  const explicit = text.replace('{"name":"web"}', '{"name":"web","uid":"mine"}');
  const before = complete(explicit);
  const after = complete(explicit.replace('"i"', '"j"'));
  expect([before.metadata.uid, after.metadata.uid]).toEqual(['mine', 'mine']);
  expect(before.metadata.annotations).not.toEqual(after.metadata.annotations);
});
