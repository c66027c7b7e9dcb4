import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../core/package-root.js';
import { kernelSettings } from './kubelet-command.js';

/** A real kubelet is not in the repository: these tests run where the variable names one. */
const binary = process.env['CONFORMANCE_KUBELET'] ?? '';
if (binary === '')
  console.warn(
    '\nCONFORMANCE_KUBELET is not set: NO REAL KUBELET WAS TESTED. Set it to the path of a kubelet from v1.29 to v1.36.\n',
  );

const main = join(packageRoot(), 'dist/harness/cli/main.js');
const directory = mkdtempSync(join(tmpdir(), 'real-kubelet-'));
/** Where the runs are, so that what others run on the machine is not taken for theirs. */
const temporary = join(directory, 't');
mkdirSync(temporary);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function conformance(words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      cwd: directory,
      env: { ...process.env, FORCE_COLOR: '', TMPDIR: temporary },
      maxBuffer: 1 << 24,
    };
    execFile(process.execPath, [main, ...words], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : ((error as { code?: number }).code ?? -1), out, err }),
    );
  });
}

/** What a kubelet could change or leave on the machine. */
function traces(): object {
  const settings = Object.keys(kernelSettings).map((name) =>
    readFileSync(`/proc/sys/${name}`, 'utf8').trim(),
  );
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(temporary) || / \/(proc\/sys|var\/(lib\/kubelet|log))\//.test(line));
  const processes = readdirSync('/proc').filter((pid) => commandOf(pid).includes(temporary));
  return { settings, mounts, processes, directories: readdirSync(temporary) };
}

function commandOf(pid: string): string {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  } catch {
    return '';
  }
}

describe.runIf(binary !== '')('a real kubelet', () => {
  test(
    'is started, restarted and driven over all of its sources, and leaves nothing behind',
    { timeout: 600_000 },
    async () => {
      const before = traces();
      const words = [
        '--suite',
        'mux,restart',
        '--cases',
        '4',
        '--seed',
        '1',
        '--jobs',
        '2',
        '--report',
        'out',
      ];
      const ended = await conformance(['run', '--agent', 'kubelet', '--agent-binary', binary, ...words]);
      // It tells how far it is; whatever went wrong would be told there too.
      expect(ended.err).not.toMatch(/^error /m);
      expect(ended.out).toMatch(/agent +kubelet v1\.\d+/);
      expect([0, 1, 2]).toContain(ended.code);
      const report = JSON.parse(readFileSync(join(directory, 'out/report.json'), 'utf8')) as {
        cases: number;
        sharesAgent?: boolean;
        verdicts: { requirement: string; exercised: number; verdict: string }[];
      };
      expect(report).toMatchObject({ cases: 4, sharesAgent: true });
      const passed = report.verdicts
        .filter(({ verdict }) => verdict === 'pass')
        .map((each) => each.requirement);
      expect(passed).toEqual(expect.arrayContaining(['MUX-02', 'WORK-01']));
      expect(traces()).toEqual(before);
    },
  );

  test(
    'that dies at its start is shown with its last lines and the likely cause',
    { timeout: 240_000 },
    async () => {
      // A directory in the place of the program's own configuration is nothing that it can start with.
      const wrapper = join(directory, 'kubelet-that-dies');
      writeFileSync(
        wrapper,
        `#!/bin/sh\n[ "$1" = --version ] && exec ${binary} --version\nexec ${binary} --no-such-flag "$@"\n`,
        { mode: 0o755 },
      );
      const words = ['--cases', '1', '--seed', '1', '--report', 'out'];
      const ended = await conformance(['run', '--agent', 'kubelet', '--agent-binary', wrapper, ...words]);
      expect(ended.code).toBe(69);
      expect(ended.err).toMatch(/unknown flag: --no-such-flag/);
      expect(ended.err).toMatch(/does not know what the preset/);
    },
  );
});
