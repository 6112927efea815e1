import { BlockIndex } from './block-index.ts';

/** One line of the list: a canonical domain or URL. An empty `tenant`: it is somebody else's. */
export interface Entry {
  readonly value: string;
  readonly tenant: string;
}

const HEAD = "# Written by Interdict. A line without a tenant's id is yours: it is kept as it stands.";
const KEY_LINE = '# probe-key ';
const KEY = /^[0-9a-f]{64}$/;
const OURS = /^(\S+) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const DOMAIN = /^(?=.{3,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const MOST_URL = 8_192;

/** A domain or URL in the one form in which it stands on the list; undefined: it is neither. */
export function findCanonical(text: string): string | undefined {
  if (!text.includes('://')) {
    const domain = URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, '');
    return domain !== undefined && DOMAIN.test(domain) && !/[/?#@:%\\\s]/.test(text) ? domain : undefined;
  }
  const url = text.length <= MOST_URL && !/[\s\p{Cc}]/u.test(text) ? URL.parse(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash) return undefined;
  return url.href;
}

/** What a list holds, in memory. */
export class ListContent {
  readonly index = new BlockIndex();
  /** Shared with whoever may make probes; undefined: nobody has written here yet. */
  key: Buffer | undefined;
  readonly #holders = new Map<string, Set<string>>();
  readonly #kept: string[] = [];

  static parse(text: string): ListContent {
    const content = new ListContent();
    for (const line of text.split(/\r?\n/)) content.#read(line);
    return content;
  }

  holdersOf(value: string): ReadonlySet<string> {
    return this.#holders.get(value) ?? new Set();
  }

  *entries(): Iterable<Entry> {
    for (const [value, tenants] of this.#holders) for (const tenant of tenants) yield { value, tenant };
  }

  put({ value, tenant }: Entry): void {
    const tenants = this.#holders.get(value) ?? new Set();
    if (tenants.size === 0) this.index.add(value);
    this.#holders.set(value, tenants.add(tenant));
  }

  drop({ value, tenant }: Entry): void {
    const tenants = this.#holders.get(value);
    if (!tenants?.delete(tenant) || tenants.size > 0) return;
    this.#holders.delete(value);
    this.index.remove(value);
  }

  /** The lines of others as they were, then ours. */
  toText(key: Buffer, put: readonly Entry[], dropped: readonly Entry[]): string {
    const ours = new Set<string>();
    for (const { value, tenant } of this.entries()) if (tenant !== '') ours.add(`${value} ${tenant}`);
    for (const { value, tenant } of dropped) ours.delete(`${value} ${tenant}`);
    for (const { value, tenant } of put) ours.add(`${value} ${tenant}`);
    return `${[HEAD, `${KEY_LINE}${key.toString('hex')}`, ...this.#kept, ...ours].join('\n')}\n`;
  }

  #read(line: string): void {
    const key = line.startsWith(KEY_LINE) ? line.slice(KEY_LINE.length) : '';
    const [, value = '', tenant = ''] = OURS.exec(line) ?? [];
    if (KEY.test(key)) this.key ??= Buffer.from(key, 'hex');
    else if (value !== '' && findCanonical(value) === value) this.put({ value, tenant });
    else if (line !== HEAD && line !== '') this.#keep(line);
  }

  #keep(line: string): void {
    this.#kept.push(line);
    const value = /^[^#\s]\S*$/.test(line.trim()) ? findCanonical(line.trim()) : undefined;
    if (value !== undefined) this.put({ value, tenant: '' });
  }
}
