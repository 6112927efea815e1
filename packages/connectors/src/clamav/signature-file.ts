import { createHash } from 'node:crypto';
import { type FileName, fromLine, hashOfLine } from './signature.ts';

/** One writing of a file. clamd finds its text malicious exactly while it has that writing loaded. */
export interface Generation {
  /** What clamd is to be given. */
  readonly text: string;
  readonly name: string;
}

export interface SignatureFile {
  /** Without the canary. Those that are not ours are an administrator's. */
  readonly lines: ReadonlySet<string>;
  /** The hashes of his. */
  readonly foreign: ReadonlySet<string>;
  /** Undefined where we never wrote the file. */
  readonly generation: Generation | undefined;
  /** In milliseconds since 1970. */
  readonly writtenAt: number;
}

export const NO_FILE: SignatureFile = { lines: new Set(), foreign: new Set(), generation: undefined, writtenAt: 0 };

const CANARY = /^(?:[0-9a-f]{32}|[0-9a-f]{64}):\*:Interdict\.Generation\.([0-9a-f-]{36}):73$/;

const toGeneration = (id: string): Generation => ({
  text: `Interdict generation ${id}`,
  name: `Interdict.Generation.${id}`,
});

/** An empty line makes the whole folder malformed: none is kept. */
export function parseFile(content: string, writtenAt: number): SignatureFile {
  const lines = new Set<string>();
  let id: string | undefined;
  for (const line of content.split('\n')) {
    const canary = CANARY.exec(line);
    if (canary) id = canary[1];
    else if (line.trim() !== '') lines.add(line);
  }
  const foreign = new Set([...lines].flatMap((line) => (fromLine(line) ? [] : (hashOfLine(line) ?? []))));
  return { lines, foreign, generation: id === undefined ? undefined : toGeneration(id), writtenAt };
}

/** The canary stands first, so that no file is ever empty: clamd does not start on one that is. */
export function writeFile(file: FileName, lines: ReadonlySet<string>, id: string): string {
  const { text, name } = toGeneration(id);
  const hash = createHash(file === 'interdict.hdb' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');
  return `${[`${hash}:*:${name}:73`, ...lines].join('\n')}\n`;
}
