import { readFile, stat } from 'node:fs/promises';

interface Cached<Value> {
  readonly stamp: string;
  readonly value: Value;
}

/** What a file says; undefined where there is none. */
export type Reader<Value> = (path: string) => Promise<Value | undefined>;

/** Reads and parses a file again only when it has changed. A file that is larger is not read: it counts as none. */
export function cachedReader<Value>(
  parse: (content: string, changedAt: number) => Value,
  mostBytes = Number.POSITIVE_INFINITY,
): Reader<Value> {
  const cache = new Map<string, Cached<Value>>();
  return async (path) => {
    const { ino, size, mtimeNs, ctimeNs, mtimeMs } = (await stat(path, { bigint: true }).catch(ifThere)) ?? {};
    if (mtimeMs === undefined || (size ?? 0n) > mostBytes) {
      cache.delete(path);
      return undefined;
    }
    const stamp = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    const known = cache.get(path);
    if (known?.stamp === stamp) return known.value;
    const content = await readFile(path, 'utf8').catch(ifThere);
    if (content === undefined) return undefined;
    const value = parse(content, Number(mtimeMs));
    cache.set(path, { stamp, value });
    return value;
  };
}

function ifThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
