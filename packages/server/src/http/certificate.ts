import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const LIFE_DAYS = 825;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

const altNames = (hosts: readonly string[]): object[] =>
  hosts.map((host) => (/^[\d.]+$|:/.test(host) ? { type: IP_ADDRESS, ip: host } : { type: DNS_NAME, value: host }));

async function makeCertificate(hosts: readonly string[], now: number): Promise<Certificate> {
  // Only for this: once made, the certificate lies in a file.
  const { default: forge } = await import('node-forge');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = forge.pki.privateKeyFromPem(key);
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.setRsaPublicKey(signer.n, signer.e);
  // Positive, as X.509 demands: the first bit is 0.
  cert.serialNumber = `01${randomBytes(15).toString('hex')}`;
  cert.validity.notBefore = new Date(now - DAY_MS);
  cert.validity.notAfter = new Date(now + LIFE_DAYS * DAY_MS);
  const name = [{ name: 'commonName', value: 'Interdict, self-made' }];
  cert.setSubject(name);
  cert.setIssuer(name);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: altNames(hosts) },
    { name: 'subjectKeyIdentifier' },
  ]);
  cert.sign(signer, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(cert), key };
}

/**
 * The certificate that the server made for itself, at its first start: trusted by whoever names it, as in
 * `curl --cacert` or `NODE_EXTRA_CA_CERTS`. It is made again when it has run out or a host is new.
 */
export async function openOwnCertificate(folder: string, hosts: readonly string[], now: number): Promise<Certificate> {
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  if (existsSync(certFile) && existsSync(keyFile)) {
    const present = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    if (isFitting(present.cert, hosts, now)) return present;
  }
  const made = await makeCertificate(hosts, now);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(keyFile, made.key, { mode: 0o600 });
  chmodSync(keyFile, 0o600);
  writeFileSync(certFile, made.cert, { mode: 0o644 });
  return made;
}

function isFitting(pem: string, hosts: readonly string[], now: number): boolean {
  try {
    const cert = new X509Certificate(pem);
    const isFor = (host: string): boolean => (isIP(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined;
    return cert.validToDate.getTime() > now && hosts.every(isFor);
  } catch {
    return false;
  }
}
