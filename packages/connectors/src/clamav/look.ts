import type { ListedEffect, Presence } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { notLoaded, stillLoading } from './answers.ts';
import { awaitLoad } from './await-load.ts';
import { ClamavError } from './clamd.ts';
import { type Parts, takeAll } from './parts.ts';
import { FILES, type FileName, fromLine, type Signature, toTarget } from './signature.ts';
import type { SignatureFile } from './signature-file.ts';
import type { Strangers } from './strangers.ts';

/** What clamd has loaded, so far as its folder and its canaries tell. */
export interface Sight {
  readonly files: ReadonlyMap<FileName, SignatureFile>;
  readonly strangers: Strangers;
  readonly folder: string;
  /** Undefined: clamd has loaded what the files say. Else how long it has had the time to. */
  readonly lagMs: number | undefined;
}

const PATIENCE_MS = 1_000;

/** With the official signatures a load takes most of a minute. */
const LONGEST_LOAD_MS = 60_000;

async function see({ config, folder }: Parts, signal: AbortSignal): Promise<Sight> {
  let files = new Map<FileName, SignatureFile>();
  const generations = async () => {
    files = new Map(await Promise.all(FILES.map(async (file) => [file, await folder.read(file)] as const)));
    return [...files.values()].flatMap(({ generation }) => generation ?? []);
  };
  const wait = {
    socket: config.socket,
    generations,
    former: [],
    reload: 'never',
    patienceMs: PATIENCE_MS,
    signal,
  } as const;
  const isLoaded = await awaitLoad(wait);
  const writtenAt = Math.max(...[...files.values()].map((file) => file.writtenAt));
  const lagMs = isLoaded ? undefined : Date.now() - writtenAt;
  return { files, strangers: await folder.strangers(), folder: config.folder, lagMs };
}

/** One look for all that wait. */
export async function look(parts: Parts, tickets: readonly Ticket<undefined, Sight>[]): Promise<void> {
  const left = new ClamavError('lost', 'The look was ended before clamd answered.');
  const { mine, signal } = takeAll(tickets, parts, ({ fail }) => fail(left));
  if (mine.length === 0) return;
  const sight = await see(parts, signal);
  for (const { settle } of mine) settle(sight);
}

const isForeign = ({ strangers, files }: Sight, hash: string): boolean =>
  strangers.blocks(hash) || [...files.values()].some(({ foreign }) => foreign.has(hash));

export function toPresence(sight: Sight, signature: Signature): Presence {
  if (sight.lagMs !== undefined) {
    if (sight.lagMs < LONGEST_LOAD_MS) return stillLoading(sight.folder);
    return { kind: 'unknown', message: notLoaded(sight.folder), fault: 'ours' };
  }
  const isOurs = sight.files.get(signature.file)?.lines.has(signature.line) === true;
  if (isOurs && sight.strangers.passes(signature) === undefined) return { kind: 'present', foreign: false };
  return isForeign(sight, signature.hash) ? { kind: 'present', foreign: true } : { kind: 'absent' };
}

/** @throws {ClamavError} where clamd has loaded something else */
export function toListed(sight: Sight, tenantId: string): readonly ListedEffect[] {
  if (sight.lagMs !== undefined) throw new ClamavError('lost', notLoaded(sight.folder));
  const own = [...sight.files.values()];
  const ours = own.flatMap(({ lines }) =>
    [...lines].flatMap((line) => {
      const effect = fromLine(line);
      return effect?.tenantId === tenantId.toLowerCase() && !sight.strangers.passes(effect) ? effect : [];
    }),
  );
  const foreign = new Set([...sight.strangers.hashes(), ...own.flatMap((file) => [...file.foreign])]);
  return [
    ...ours.map(({ action, target }) => ({ action, target, foreign: false })),
    ...[...foreign].map((value) => ({ action: 'BlockFile', target: toTarget(value), foreign: true })),
  ];
}
