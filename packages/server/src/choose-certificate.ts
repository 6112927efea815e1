import path from 'node:path';
import type { Config } from './config.ts';
import { type Certificate, openOwnCertificate } from './http/certificate.ts';

/** The operator's, or one that the server makes for the names by which it is called. */
export async function chooseCertificate(config: Config): Promise<Certificate> {
  if (config.tls) return config.tls;
  const own = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname.replace(/^\[|\]$/g, '')];
  const hosts = [...new Set(['localhost', '127.0.0.1', '::1', ...own])];
  return await openOwnCertificate(path.join(config.dataFolder, 'tls'), hosts, Date.now());
}
