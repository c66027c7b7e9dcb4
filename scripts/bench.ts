/**
 * The benchmark: prints one JSON object. Speeds are compared within this run only; absolute figures are those of
 * the machine and the moment. `--quick` does about a tenth of the work; `--no-docker` and `--no-containerd` leave out
 * what needs those. A kubelet has its part when `CONFORMANCE_KUBELET` names one, and the user is root.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { apiServer } from './bench/api-server.js';
import { commandLine, live } from './bench/command-line.js';
import { containerd } from './bench/containerd.js';
import { criCalls } from './bench/cri.js';
import { docker } from './bench/docker.js';
import { growth } from './bench/growth.js';
import { memory } from './bench/memory.js';
import { mutantTimes } from './bench/mutant-times.js';
import { simulation } from './bench/simulation.js';

const isQuick = process.argv.includes('--quick');
const kubeletBinary = process.env['CONFORMANCE_KUBELET'];
const result = {
  node: process.version,
  simulation: await simulation(isQuick ? 500 : 4_000),
  growth: await growth(),
  mutants: await mutantTimes(),
  commandLine: await commandLine(),
  live: live(isQuick ? 3 : 20),
  ...(kubeletBinary === undefined ? {} : { kubelet: kubelet(kubeletBinary, isQuick ? 100 : 600) }),
  apiServer: await apiServer({ pods: 1_000, watches: 100, writes: isQuick ? 50 : 500 }),
  criCalls: await criCalls(isQuick ? 100 : 1_000),
  ...(process.argv.includes('--no-containerd') ? {} : { containerd: await containerd(isQuick ? 5 : 15) }),
  ...(process.argv.includes('--no-docker') ? {} : { docker: await docker(isQuick ? 5 : 15) }),
  memory: isQuick ? await memory(1_000, 5_000) : await memory(5_000, 100_000),
};
console.log(JSON.stringify(result, null, 2));

function kubelet(binary: string, cases: number): unknown {
  const script = fileURLToPath(new URL('./bench/kubelet.js', import.meta.url));
  const output = execFileSync(process.execPath, [script, binary, String(cases)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}
