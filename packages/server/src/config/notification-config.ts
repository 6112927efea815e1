import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { faultAt, type YamlFile } from '../lib/read-yaml.ts';

/** Where change notifications may go. */
export interface NotificationSettings {
  /** Host names and networks whose addresses need not be public. */
  readonly allow: readonly string[];
  /** PEM. */
  readonly ca: string | undefined;
}

function readCa(file: YamlFile, named: string): string {
  const place = path.resolve(path.dirname(file.path), named);
  try {
    const pem = readFileSync(place, 'utf8');
    // What is no certificate would be trusted by nobody, silently.
    void new X509Certificate(pem).subject;
    return pem;
  } catch (error) {
    const words = `${place} cannot be read as a certificate in PEM: ${(error as Error).message}.`;
    throw faultAt(file, 'notifications/ca', words);
  }
}

/**
 * @param faultOf what is wrong with an entry of `allow`; undefined where nothing is
 * @throws {FileFault} for an entry that is neither a host name nor a network, and a file that is no certificate
 */
export function readNotifications(
  file: YamlFile | undefined,
  faultOf: (entry: string) => string | undefined,
): NotificationSettings {
  const value = file?.value as { readonly notifications?: Partial<NotificationSettings> } | undefined;
  const { allow = [], ca } = value?.notifications ?? {};
  if (!file) return { allow, ca: undefined };
  for (const [index, entry] of allow.entries()) {
    const fault = faultOf(entry);
    if (fault !== undefined) throw faultAt(file, `notifications/allow/${index}`, fault);
  }
  return { allow, ca: ca === undefined ? undefined : readCa(file, ca) };
}
