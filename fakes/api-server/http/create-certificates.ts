// The library below registers its parts through this one's metadata, and refuses to load without it.
import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Who one is, and the proof of it; each as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a server needs to speak TLS, and what its clients need to trust it; each as PEM. */
export interface Certificates extends KeyPair {
  /** Of the authority, for clients. Nobody has its key any more. */
  readonly authority: string;
  /** With which the server is known to whom it asks something itself, if they trust the authority. */
  readonly client: KeyPair;
}

const dayMs = 24 * 60 * 60 * 1_000;
/** Clocks of clients may be behind. */
const validBeforeMs = dayMs;
/** Longer than any run or session. */
const validForMs = 30 * dayMs;
/** Elliptic curves: the keys are made in a millisecond, where those of RSA take a tenth of a second and more. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes an authority, a server's certificate for these names and addresses and one as a client, all of them new. */
export async function createCertificates(hosts: readonly string[]): Promise<Certificates> {
  const now = Date.now();
  const valid = { notBefore: new Date(now - validBeforeMs), notAfter: new Date(now + validForMs) };
  const authorityKeys = await newKeys();
  const issuer = 'CN=conformance authority';
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...valid,
    serialNumber: newSerialNumber(),
    name: issuer,
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const sign = async (subject: string, extensions: readonly Extension[]): Promise<KeyPair> => {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create({
      ...valid,
      serialNumber: newSerialNumber(),
      issuer,
      subject,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...extensions,
        await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
      ],
    });
    return { certificate: certificate.toString('pem'), key: pemOf(keys.privateKey) };
  };
  const server = await sign('CN=conformance API server', [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(hosts.map(alternativeName)),
  ]);
  const client = await sign('CN=conformance API server', [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
  ]);
  return { authority: authority.toString('pem'), ...server, client };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** Sixteen random bytes as hexadecimal digits; the first bit stays off, for the number is signed. */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes.toString('hex');
}

function alternativeName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host };
}

function pemOf(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
