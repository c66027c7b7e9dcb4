import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readKubeconfig } from './kubeconfig.js';

const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const config = (user: string, cluster = '') => `
apiVersion: v1
kind: Config
clusters:
  - { name: other, cluster: { server: "https://other" } }
  - { name: mine, cluster: { server: "https://127.0.0.1:6443/"${cluster} } }
users: [ { name: me, user: ${user} } ]
contexts: [ { name: here, context: { cluster: mine, user: me } } ]
current-context: here
`;

test('reads server, token and authority of the current context', () => {
  const data = Buffer.from('PEM').toString('base64');
  const path = write('data', config('{ token: abc }', `, certificate-authority-data: ${data}`));
  expect(readKubeconfig(path)).toEqual({
    url: 'https://127.0.0.1:6443',
    token: 'abc',
    certificateAuthority: 'PEM',
  });
});

test('reads token and authority from files beside it', () => {
  write('token', 'abc\n');
  write('ca.pem', 'PEM');
  const path = write('files', config('{ tokenFile: token }', ', certificate-authority: ca.pem'));
  expect(readKubeconfig(path)).toMatchObject({ token: 'abc', certificateAuthority: 'PEM' });
});

test.each([
  ['no YAML', '{', 'kubeconfig-malformed'],
  ['nothing', '', 'kubeconfig-malformed'],
  [
    'a context that is not there',
    config('{}').replace('current-context: here', 'current-context: there'),
    'kubeconfig-malformed',
  ],
  [
    'a server that is no URL',
    config('{}').replace('https://127.0.0.1:6443/', 'nowhere'),
    'kubeconfig-malformed',
  ],
  ['a token file that is missing', config('{ tokenFile: missing }'), 'kubeconfig-unreadable'],
])('says what is wrong with %s', (_name, text, code) => {
  const path = write('bad', text);
  expect(() => readKubeconfig(path)).toThrow(expect.objectContaining({ code, exitCode: 64 }) as Error);
});

test('says which file is missing', () => {
  const path = join(directory, 'none');
  expect(() => readKubeconfig(path)).toThrow(
    expect.objectContaining({ code: 'kubeconfig-unreadable', file: path }) as Error,
  );
});
