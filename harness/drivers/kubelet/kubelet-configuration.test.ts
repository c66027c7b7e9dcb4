import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentEndpoints } from '../../ports/driver.js';
import { kubeletConfiguration, kubeletDirectories, type KubeletServer } from './kubelet-configuration.js';
import { kubeletProfile } from './kubelet-profile.js';

const fast = { standalone: false, slowResync: false };
const directories = kubeletDirectories('/state');

function versionOf(minor: number): { text: string; minor: number } {
  return { text: `v1.${minor}.0`, minor };
}

function endpointsOf(minor: number, parts: Partial<AgentEndpoints> = {}): AgentEndpoints {
  const { timings } = kubeletProfile(versionOf(minor), fast);
  return { nodeName: 'node-1', runtime: 'unix:///cri.sock', stateDirectory: '/state', timings, ...parts };
}

function configurationOf(
  minor: number,
  parts: Partial<AgentEndpoints> = {},
  server?: KubeletServer,
): Record<string, unknown> {
  const endpoints = endpointsOf(minor, parts);
  return kubeletConfiguration(versionOf(minor), endpoints, directories, server) as Record<string, unknown>;
}

/** The fields that came after 1.29, by the version that first gets them. */
const since: Readonly<Record<string, number>> = { podLogsDir: 30, failCgroupV1: 31, crashLoopBackOff: 35 };

test.each([29, 30, 31, 32, 33, 34, 35, 36])('a kubelet 1.%i gets only fields that it knows', (minor) => {
  const configuration = configurationOf(minor);
  for (const [field, first] of Object.entries(since))
    expect([field, field in configuration]).toEqual([field, minor >= first]);
});

test('the back-off that the profile declares is the one that is configured', () => {
  for (const [minor, maxMs] of [
    [34, 300_000],
    [35, 1_000],
    [36, 1_000],
  ] as const) {
    const { timings } = kubeletProfile(versionOf(minor), fast);
    expect(timings.backoffMaxMs).toBe(maxMs);
  }
  expect(configurationOf(36)['crashLoopBackOff']).toEqual({ maxContainerRestartPeriod: '1000ms' });
});

test('a kubelet that is told of no directory for the logs of pods has its own in the place of that of the machine', () => {
  expect(kubeletProfile(versionOf(30), fast).mounts).toBeUndefined();
  const mounts = kubeletProfile(versionOf(29), fast).mounts!;
  expect(Object.keys(mounts)).toEqual(['/var/log/pods']);
  expect(join('/state', mounts['/var/log/pods']!)).toBe(directories.podLogs);
});

test('until 1.34 a re-sync does not shorten the wait after a failure', () => {
  const retryOf = (minor: number, slowResync: boolean): number =>
    kubeletProfile(versionOf(minor), { standalone: false, slowResync }).timings.errorRetryMs;
  expect([retryOf(34, false), retryOf(35, false), retryOf(35, true)]).toEqual([10_000, 1_000, 10_000]);
});

test('a source that is not given is not configured', () => {
  const given = configurationOf(36, { file: '/manifests', http: 'http://127.0.0.1:1/pods' });
  expect([given['staticPodPath'], given['staticPodURL']]).toEqual(['/manifests', 'http://127.0.0.1:1/pods']);
  const without = configurationOf(36);
  expect(['staticPodPath' in without, 'staticPodURL' in without]).toEqual([false, false]);
});

test('periods and deadlines are those of the run', () => {
  const { timings } = kubeletProfile(versionOf(36), { standalone: false, slowResync: true });
  expect(configurationOf(36, { timings: { ...timings, callDeadlineMs: 30_000 } })).toMatchObject({
    fileCheckFrequency: '1000ms',
    httpCheckFrequency: '1000ms',
    syncFrequency: '60000ms',
    runtimeRequestTimeout: '30000ms',
  });
});

test('what is standalone has no API source', () => {
  expect(kubeletProfile(versionOf(36), fast).sources).toEqual(['file', 'http', 'api']);
  expect(kubeletProfile(versionOf(36), { standalone: true, slowResync: false }).sources).toEqual([
    'file',
    'http',
  ]);
});

test('without a server it does not lead to the port of another kubelet', () => {
  // It publishes its port in any case, and that of all kubelets where it is not given one.
  expect(configurationOf(36)).toMatchObject({ enableServer: false, port: 1, readOnlyPort: 0 });
});

test('with a server it is at one address, and answers those only whom the authority vouches for', () => {
  const server = { address: '10.0.0.2', port: 20_250, clientAuthorityFile: '/state/authority.pem' };
  expect(configurationOf(29, {}, server)).toMatchObject({
    enableServer: true,
    address: '10.0.0.2',
    port: 20_250,
    readOnlyPort: 0,
    healthzPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: '/state/authority.pem' },
    },
    authorization: { mode: 'AlwaysAllow' },
  });
});
