import { networkInterfaces } from 'node:os';

/** An address of this machine that is not only its own: a kubelet refuses 127.0.0.1. */
export function ownAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((several) => several ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}
