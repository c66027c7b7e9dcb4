import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freeAddress } from './free-address.js';

let holder: Server | undefined;
afterEach(
  () => new Promise<void>((resolve) => (holder === undefined ? resolve() : holder.close(() => resolve()))),
);

async function takenPort(): Promise<number> {
  holder = createServer();
  await new Promise<void>((resolve) => holder!.listen(0, '127.0.0.1', resolve));
  return (holder.address() as AddressInfo).port;
}

test('a port that is taken is passed over', async () => {
  const taken = await takenPort();
  const offered = [taken, taken, 0];
  expect(await freeAddress('127.0.0.1', () => offered.shift()!)).toEqual({ address: '127.0.0.1', port: 0 });
  expect(offered).toEqual([]);
});

test('where there is none it says so', async () => {
  const taken = await takenPort();
  await expect(freeAddress('127.0.0.1', () => taken)).rejects.toMatchObject({
    code: 'kubelet-port-unavailable',
    exitCode: 69,
    got: expect.stringMatching(/EADDRINUSE/) as string,
  });
  await expect(freeAddress('192.0.2.1')).rejects.toMatchObject({
    got: expect.stringMatching(/EADDRNOTAVAIL/) as string,
  });
});
