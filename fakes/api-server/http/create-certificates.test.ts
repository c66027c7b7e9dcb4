import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { afterEach, expect, test } from 'vitest';
import { createCertificates } from './create-certificates.js';
import { createHttpFront, type HttpFront } from './http-front.js';

const fronts: HttpFront[] = [];
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.close();
});

async function serve(tls: { readonly key: string; readonly certificate: string }): Promise<number> {
  const backend = {
    request: () => {},
    watch: () => ({ close() {} }),
  };
  const front = createHttpFront({ users: [{ token: 'secret', backend }], tls });
  fronts.push(front);
  const url = await front.listen();
  expect(url).toMatch(/^https:/);
  return Number(new URL(url).port);
}

/** The status of an answer, or the code of the error. */
function statusFrom(port: number, host: string, authority?: string): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const options = { host, port, path: '/api/v1/pods', agent: false, family: 4 } as const;
    const sent = request(
      { ...options, ...(authority === undefined ? {} : { ca: authority }) },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    sent.end();
  });
}

test('whoever trusts the authority, and nobody else, accepts the server under its names', async () => {
  const { authority, ...tls } = await createCertificates(['127.0.0.1', 'localhost']);
  const port = await serve(tls);
  expect(await statusFrom(port, '127.0.0.1', authority)).toBe(401);
  expect(await statusFrom(port, 'localhost', authority)).toBe(401);
  expect(await statusFrom(port, '127.0.0.1')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const other = await createCertificates(['127.0.0.1']);
  expect(await statusFrom(port, '127.0.0.1', other.authority)).not.toBe(401);
});

test('a server that has another name is refused', async () => {
  const { authority, ...tls } = await createCertificates(['localhost']);
  const port = await serve(tls);
  expect(await statusFrom(port, '127.0.0.1', authority)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('an authority signs no authorities, and is good on machines whose clocks are behind', async () => {
  const { authority, certificate } = await createCertificates(['::1']);
  const [ca, leaf] = [new X509Certificate(authority), new X509Certificate(certificate)];
  expect([ca.ca, leaf.ca, leaf.checkIssued(ca), leaf.verify(ca.publicKey)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(leaf.checkIP('::1')).toBe('::1');
  const hourMs = 60 * 60 * 1_000;
  expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now() - hourMs);
  expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 24 * hourMs);
});

test('who shows the certificate of a server cannot pass for the client, nor the other way round', async () => {
  const { authority, certificate, client } = await createCertificates(['127.0.0.1']);
  const [ca, asClient] = [new X509Certificate(authority), new X509Certificate(client.certificate)];
  expect([asClient.ca, asClient.checkIssued(ca), asClient.verify(ca.publicKey)]).toEqual([false, true, true]);
  expect(asClient.subjectAltName).toBeUndefined();
  const [serverAuth, clientAuth] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
  expect(asClient.keyUsage).toEqual([clientAuth]);
  expect(new X509Certificate(certificate).keyUsage).toEqual([serverAuth]);
});
