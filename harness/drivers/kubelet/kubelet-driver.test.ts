import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubeletTimings } from '../../spec/timings.js';
import { fixedPlaces } from './kubelet-command.js';
import { createKubeletDriver } from './kubelet-driver.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'nac-kubelet-'))));
afterEach(() => {
  // Where the place is not the kubelet's own, its file is on the machine.
  for (const place of Object.values(fixedPlaces)) rmSync(join(place, basename(directory)), { force: true });
  rmSync(directory, { recursive: true, force: true });
});

const mayMount =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0;

test.skipIf(!mayMount)(
  'what a kubelet has in the fixed places of the machine, the machine does not have, nor it the machine (as root)',
  { timeout: 20_000 },
  async () => {
    const mark = basename(directory);
    const places = ['/var/lib/kubelet', '/var/log/containers', '/var/log/pods'];
    const binary = join(directory, 'fake-kubelet');
    const lines = places.map((place) => `ls -A ${place} && echo kubelet > ${place}/${mark}`);
    writeFileSync(binary, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
    // The last one that cannot be told where its pod logs are.
    const driver = createKubeletDriver(
      { binary, version: { text: 'v1.29.0', minor: 29 } },
      { standalone: true, slowResync: false },
    );
    const endpoints = {
      nodeName: 'n',
      runtime: 'unix:///x',
      stateDirectory: directory,
      timings: kubeletTimings,
    };
    const exit = await (await driver.start(endpoints, 1)).exited;
    expect(exit).toMatchObject({ code: 0, lastOutput: [] });
    expect(places.filter((place) => existsSync(join(place, mark)))).toEqual([]);
    expect(readFileSync(join(directory, 'kubelet/pod-logs', mark), 'utf8')).toBe('kubelet\n');
  },
);
