import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ExitCode, HarnessError } from '../../core/errors.js';
import type { KubeletAddress } from './kubelet-configuration.js';
import { ownAddress } from './own-address.js';

/** Below those that systems hand out by themselves: between the choice and the start of a kubelet minutes may go by. */
const ports = { from: 20_000, below: 30_000 } as const;
const attemptsMax = 50;

/**
 * Where a kubelet can serve: the address that its node publishes, and a port that is free now. Undefined on a machine
 * that only speaks to itself, whose address kubelets do not publish.
 */
export async function freeAddress(
  address: string | undefined = ownAddress(),
  choosePort: () => number = () => randomInt(ports.from, ports.below),
): Promise<KubeletAddress | undefined> {
  if (address === undefined) return undefined;
  let trouble: NodeJS.ErrnoException | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = choosePort();
    trouble = await troubleAt(address, port);
    if (trouble === undefined) return { address, port };
    if (trouble.code !== 'EADDRINUSE') break;
  }
  throw new HarnessError({
    code: 'kubelet-port-unavailable',
    message: 'There is no port for the server of the kubelet.',
    exitCode: ExitCode.unavailable,
    expected: `a free port from ${ports.from} to ${ports.below - 1} at ${address}`,
    got: trouble!.message,
    hint: 'End other kubelets and servers, or take --agent kubelet:standalone, which has none.',
    cause: trouble,
  });
}

/** Why nobody could listen there; undefined where somebody could. */
function troubleAt(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}
