import type { Config } from './config.ts';
import type { OwnAddress } from './lib/own-addresses.ts';

const INTERNAL = /^(127\.|::1$|localhost$)/i;

/** Hosts that the server cannot do without, with what each is to it. Its own loopback is protected anyway. */
export function neededHosts(config: Config): readonly OwnAddress[] {
  const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '');
  const found = [
    { value: hostOf(config.publicUrl ?? ''), role: "this server's public address" },
    { value: hostOf(config.databaseUrl?.reveal() ?? ''), role: 'the database of this server' },
    ...config.issuers.map(({ issuer }) => ({
      value: hostOf(issuer.replaceAll('{tid}', 'tid')),
      role: 'an issuer of tokens',
    })),
    ...config.providers.flatMap(({ name, settings, kind }) =>
      (kind.hostsOf?.(settings) ?? []).map((value) => ({ value, role: `the provider "${name}"` })),
    ),
  ];
  return found.filter(({ value }) => value !== '' && !INTERNAL.test(value));
}
