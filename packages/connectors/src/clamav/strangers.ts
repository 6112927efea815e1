import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { cachedReader } from './cached-reader.ts';
import { FILES, hashOfLine, type Signature } from './signature.ts';

/** What the administrator's own files in the folder say of hashes and of our signatures. */
export interface Strangers {
  /** A file of his that blocks the hash too. */
  blocks(hash: string): boolean;
  /** The file of his for which clamd passes what our signature names. */
  passes(signature: Signature): string | undefined;
  /** All hashes that his files block. */
  readonly hashes: () => Iterable<string>;
}

/** Larger lists are not looked into. */
const MOST_BYTES = 16 * 1024 * 1024;
const BLOCKS = ['.hsb', '.hdb'];
const PASSES = ['.sfp', '.fp'];
const IGNORES = ['.ign2', '.ign'];

const hashesIn = (content: string): ReadonlySet<string> =>
  new Set(content.split('\n').flatMap((line) => hashOfLine(line) ?? []));

/** `.ign2` begins with the name; in `.ign` it follows file and line. */
const namesIn = (content: string): ReadonlySet<string> =>
  new Set(content.split('\n').flatMap((line) => line.trim().split(':')));

interface Found {
  readonly file: string;
  readonly values: ReadonlySet<string>;
}

/** Makes a reader of one folder's other files. */
export function strangersIn(folder: string): () => Promise<Strangers> {
  const hashes = cachedReader(hashesIn, MOST_BYTES);
  const names = cachedReader(namesIn, MOST_BYTES);
  return async () => {
    const others = (await readdir(folder)).filter((file) => !(FILES as readonly string[]).includes(file));
    const found = async (extensions: readonly string[], read: typeof hashes): Promise<Found[]> => {
      const files = others.filter((file) => extensions.includes(path.extname(file)));
      const values = await Promise.all(files.map((file) => read(path.join(folder, file))));
      return files.map((file, index) => ({ file, values: values[index] ?? new Set() }));
    };
    const [blocking, passing, ignoring] = await Promise.all([
      found(BLOCKS, hashes),
      found(PASSES, hashes),
      found(IGNORES, names),
    ]);
    return {
      blocks: (hash) => blocking.some(({ values }) => values.has(hash)),
      passes: ({ hash, name }) =>
        (passing.find(({ values }) => values.has(hash)) ?? ignoring.find(({ values }) => values.has(name)))?.file,
      *hashes() {
        for (const { values } of blocking) yield* values;
      },
    };
  };
}
