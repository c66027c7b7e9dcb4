import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

/** How to reach the API server as one user. */
interface KubeconfigAccess {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly user: string;
  readonly token: string;
}

/** The file for people, who are not the agent, beside that for the agent. */
export function peopleKubeconfigOf(agentKubeconfig: string): string {
  return join(dirname(agentKubeconfig), 'kubeconfig-people');
}

/** Readable by its owner only: it holds a token. */
export function writeKubeconfig(path: string, access: KubeconfigAccess): void {
  writeFileSync(path, stringify(kubeconfigOf(access)), { mode: 0o600 });
}

export function removeKubeconfigs(agentKubeconfig: string): void {
  for (const path of [agentKubeconfig, peopleKubeconfigOf(agentKubeconfig)]) rmSync(path, { force: true });
}

function kubeconfigOf({ url, authority, user, token }: KubeconfigAccess): object {
  const cluster = {
    server: url,
    'certificate-authority-data': Buffer.from(authority).toString('base64'),
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'conformance', cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'conformance', context: { cluster: 'conformance', user } }],
    'current-context': 'conformance',
  };
}
