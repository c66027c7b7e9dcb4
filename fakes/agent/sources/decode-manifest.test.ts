import { expect, test } from 'vitest';
import { decodeManifest } from './decode-manifest.js';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'main', image: 'image:v1' }] },
};
const yaml = `# a comment
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: main, image: "image:v1"}
`;

test('JSON and YAML say the same, and equal texts give equal objects', () => {
  const fromJson = decodeManifest(JSON.stringify(pod));
  expect(fromJson).toEqual({ isList: false, pods: [pod], problems: [] });
  expect(decodeManifest(yaml)).toEqual(fromJson);
  expect(decodeManifest(yaml)).toBe(decodeManifest(yaml));
});

test('a list keeps its order and names its invalid members', () => {
  const list = { apiVersion: 'v1', kind: 'PodList', items: [pod, { metadata: {}, spec: {} }] };
  const decoded = decodeManifest(JSON.stringify(list));
  expect(decoded).toMatchObject({ isList: true, pods: [{ metadata: { name: 'web' } }] });
  expect(decoded.problems).toEqual(['metadata.name is not a DNS subdomain']);
  const empty = JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [] });
  expect(decodeManifest(empty)).toEqual({ isList: true, pods: [], problems: [] });
});

const bomb = `a: &a [x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
`;

test.each([
  ['nothing', ''],
  ['half a document', yaml.slice(0, 40)],
  ['garbage', '\u0000{{{{'],
  ['aliases that explode', bomb],
  ['a part that contains itself', yaml.replace('spec:', 'spec: &s\n  self: *s')],
  ['another kind', yaml.replace('kind: Pod', 'kind: Service')],
  ['no name', yaml.replace('name: web', 'other: web')],
  ['a name that is none', yaml.replace('web', 'Web_1')],
  ['no containers', yaml.replace('containers:', 'nothing:')],
  ['two containers of one name', `${yaml}    - {name: main, image: i}\n`],
  ['a secret as volume', `${yaml}  volumes: [{name: v, secret: {secretName: s}}]\n`],
  ['more than 10 MiB', `${yaml}# ${'x'.repeat(10 * 1024 * 1024)}`],
])('refuses %s', (_what, text) => {
  const decoded = decodeManifest(text);
  expect(decoded.pods).toEqual([]);
  expect(decoded.problems).toHaveLength(1);
});
