import { type AskedUri, ofUrl } from './asked-uri.ts';
import { CountedTrie } from './counted-trie.ts';

/** Domains have no scheme. */
export const isUrl = (value: string): boolean => value.includes('://');

/** All that is blocked, so that a look-up costs the labels and segments of what is asked, not the number of entries. */
export class BlockIndex {
  readonly #domains = new CountedTrie();
  readonly #prefixes = new CountedTrie();
  /** URLs with a query, which are blocked as they stand. */
  readonly #exact = new Map<string, number>();

  /** @param value a canonical domain or URL; may be added more than once */
  add(value: string): void {
    this.#change(value, 1);
  }

  remove(value: string): void {
    this.#change(value, -1);
  }

  blocks({ labels, origins, segments, rest }: AskedUri): boolean {
    if (this.#domains.covers(labels)) return true;
    return origins.some((origin) => this.#exact.has(origin + rest) || this.#prefixes.covers([origin, ...segments]));
  }

  #change(value: string, by: 1 | -1): void {
    if (!isUrl(value)) this.#walk(this.#domains, value.split('.').reverse(), by);
    else {
      const { origins, segments, rest } = ofUrl(new URL(value));
      const [origin = ''] = origins;
      if (!value.includes('?')) this.#walk(this.#prefixes, [origin, ...segments], by);
      else this.#count(origin + rest, by);
    }
  }

  #walk(trie: CountedTrie, steps: readonly string[], by: 1 | -1): void {
    if (by === 1) trie.add(steps);
    else trie.remove(steps);
  }

  #count(text: string, by: 1 | -1): void {
    const count = (this.#exact.get(text) ?? 0) + by;
    if (count > 0) this.#exact.set(text, count);
    else this.#exact.delete(text);
  }
}
