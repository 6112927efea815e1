import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** Where the system says which names it knows itself, and which ends it tries. Each file may be missing. */
export interface NameFiles {
  readonly hosts: string;
  readonly resolvConf: string;
}

export const SYSTEM_FILES: NameFiles = { hosts: '/etc/hosts', resolvConf: '/etc/resolv.conf' };

const linesOf = (text: string): readonly (readonly string[])[] =>
  text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  );

type Hosts = ReadonlyMap<string, readonly string[]>;

function parseHosts(text: string): Hosts {
  const hosts = new Map<string, readonly string[]>();
  for (const [address = '', ...names] of linesOf(text)) {
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...new Set([...(hosts.get(key) ?? []), address])]);
    }
  }
  return hosts;
}

interface SearchRule {
  readonly ends: readonly string[];
  /** A name with fewer dots is tried with the ends first. */
  readonly dots: number;
}

/** @see resolv.conf(5) */
function parseSearchRule(text: string): SearchRule {
  let ends: readonly string[] = [];
  let dots = 1;
  for (const [keyword, ...words] of linesOf(text)) {
    if (keyword === 'search' || keyword === 'domain') ends = words.filter((word) => word !== '.');
    if (keyword !== 'options') continue;
    const found = words.map((word) => /^ndots:(\d+)$/.exec(word)?.[1]).find((each) => each !== undefined);
    if (found !== undefined) dots = Math.min(15, Number(found));
  }
  return { ends, dots };
}

/** Reads a small file again only when it has changed. */
function kept<Value>(parse: (text: string) => Value): (file: string) => Value {
  const known = new Map<string, { readonly stamp: string; readonly value: Value }>();
  return (file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    const stamp = found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
    const before = known.get(file);
    if (before?.stamp === stamp) return before.value;
    const value = parse(found ? readFileSync(file, 'utf8') : '');
    known.set(file, { stamp, value });
    return value;
  };
}

const hostsOf = kept(parseHosts);
const searchRuleOf = kept(parseSearchRule);

const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * What no server is asked about: the hosts file, and `localhost`.
 * @see https://www.rfc-editor.org/rfc/rfc6761#section-6.3
 */
export function addressesKnownHere(hostname: string, { hosts }: NameFiles): readonly string[] | undefined {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return hostsOf(hosts).get(name) ?? (/(?:^|\.)localhost$/.test(name) ? LOOPBACK : undefined);
}

/** The names that stand for one, in the order in which they are asked for. */
export function namesToAsk(hostname: string, { resolvConf }: NameFiles): readonly string[] {
  if (hostname.endsWith('.')) return [hostname];
  const { ends, dots } = searchRuleOf(resolvConf);
  const longer = ends.map((end) => `${hostname}.${end.replace(/\.$/, '')}`);
  return hostname.split('.').length - 1 >= dots ? [hostname, ...longer] : [...longer, hostname];
}
