/**
 * The benchmark: prints one JSON object. Speeds are compared within this run only; absolute figures are those of
 * the machine and the moment. `--quick` does about a tenth of the work; `--only kubelet,criCalls` does some of its
 * parts. A kubelet has its part when `CONFORMANCE_KUBELET` names one, and the user is root.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { apiServer } from './bench/api-server.js';
import { commandLine, live } from './bench/command-line.js';
import { containerd } from './bench/containerd.js';
import { criCalls } from './bench/cri.js';
import { docker } from './bench/docker.js';
import { growth } from './bench/growth.js';
import { memory } from './bench/memory.js';
import { mutantTimes } from './bench/mutant-times.js';
import { simulation } from './bench/simulation.js';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const isQuick = flags.quick;
const kubeletBinary = process.env['CONFORMANCE_KUBELET'];
const parts: Readonly<Record<string, () => unknown>> = {
  simulation: () => simulation(isQuick ? 500 : 4_000),
  growth,
  mutants: mutantTimes,
  commandLine,
  live: () => live(isQuick ? 3 : 20),
  ...(kubeletBinary === undefined ? {} : { kubelet: () => kubelet(kubeletBinary, isQuick ? 100 : 1_000) }),
  apiServer: () => apiServer({ pods: 1_000, watches: 100, writes: isQuick ? 50 : 500 }),
  criCalls: () => criCalls(isQuick ? 100 : 1_000),
  containerd: () => containerd(isQuick ? 5 : 15),
  docker: () => docker(isQuick ? 5 : 15),
  memory: () => (isQuick ? memory(1_000, 5_000) : memory(5_000, 100_000)),
};

const result: Record<string, unknown> = { node: process.version };
for (const name of chosen(flags.only)) result[name] = await parts[name]!();
console.log(JSON.stringify(result, null, 2));

/** The parts that `--only` names; all where it is absent. */
function chosen(only: string | undefined): readonly string[] {
  const names = only?.split(',') ?? Object.keys(parts);
  const unknown = names.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0)
    throw new Error(
      `no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}; kubelet where CONFORMANCE_KUBELET names one`,
    );
  return names;
}

function kubelet(binary: string, cases: number): unknown {
  const script = fileURLToPath(new URL('./bench/kubelet.js', import.meta.url));
  const output = execFileSync(process.execPath, [script, binary, String(cases)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}
