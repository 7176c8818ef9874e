import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A TLS key and the certificate that goes with it, which is its own authority. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
}

const SHA256_WITH_ECDSA = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const DAY_MS = 86_400_000;

/** DER: tag, length, contents. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), contents]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (contents: Uint8Array): Buffer => der(0x04, contents);

function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [40 * first + second];
  for (const value of rest) {
    const groups = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/\.\d+|[-:T]/g, '');
  return der(0x18, Buffer.from(text, 'latin1'));
}

function name(host: string): Buffer {
  return sequence(der(0x31, sequence(objectId(COMMON_NAME), der(0x0c, Buffer.from(host, 'utf8')))));
}

function extensions(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) => der(0x82, Buffer.from(host, 'latin1')));
  const isAuthority = der(0x01, Buffer.from([0xff]));
  return der(
    0xa3,
    sequence(
      sequence(objectId(SUBJECT_ALT_NAME), octets(sequence(...names))),
      sequence(objectId(BASIC_CONSTRAINTS), der(0x01, Buffer.from([0xff])), octets(sequence(isAuthority))),
    ),
  );
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Makes a certificate for hosts, valid from yesterday for a week: X.509 version 3 as RFC 5280 lays it out. */
export function selfSigned(hosts: readonly [string, ...string[]]): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicBytes = publicKey.export({ format: 'der', type: 'spki' });
  const serial = createHash('sha256').update(publicBytes).digest().subarray(0, 8);
  serial[0] = 1;
  const algorithm = sequence(objectId(SHA256_WITH_ECDSA));
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name(hosts[0]),
    sequence(time(now - DAY_MS), time(now + 7 * DAY_MS)),
    name(hosts[0]),
    publicBytes,
    extensions(hosts),
  );
  const key: KeyObject = privateKey;
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, key)]);
  const cert = pem(sequence(body, algorithm, der(0x03, signature)));
  return { key: key.export({ format: 'pem', type: 'pkcs8' }).toString(), cert };
}
