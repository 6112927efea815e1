import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { DONE, LEFT, stillLoading, toAnswer } from './answers.ts';
import { awaitLoad } from './await-load.ts';
import { ClamavError, ping } from './clamd.ts';
import type { Change } from './folder.ts';
import { type Parts, takeAll } from './parts.ts';
import { FILES } from './signature.ts';

type ChangeTicket = Ticket<Change, Answer>;

const PATIENCE_MS = 2_000;

/** What an administrator passes would be in our file and never be found: it is not written. */
async function withoutPassed({ config, folder }: Parts, tickets: readonly ChangeTicket[]): Promise<ChangeTicket[]> {
  const strangers = await folder.strangers();
  return tickets.filter(({ item, settle }) => {
    const file = item.kind === 'apply' ? strangers.passes(item.signature) : undefined;
    if (file === undefined) return true;
    settle({ kind: 'refused', message: `clamd passes this hash: ${config.folder}/${file} says so.` });
    return false;
  });
}

async function load(parts: Parts, tickets: readonly ChangeTicket[], signal: AbortSignal): Promise<Answer> {
  const { config, folder } = parts;
  let isWritten = false;
  try {
    const changes = tickets.filter((ticket) => !ticket.signal.aborted).map(({ item }) => item);
    const replaced = await folder.rewrite(changes, signal);
    isWritten = true;
    const files = FILES.filter((file) => changes.some(({ signature }) => signature.file === file));
    const isLoaded = await awaitLoad({
      socket: config.socket,
      generations: async () =>
        (await Promise.all(files.map(folder.read))).flatMap(({ generation }) => generation ?? []),
      former: [...replaced.values()].filter((each) => each !== undefined),
      reload: replaced.size > 0 ? 'first' : 'ifNeeded',
      patienceMs: PATIENCE_MS,
      signal,
    });
    return isLoaded ? DONE : stillLoading(config.folder);
  } catch (error) {
    if (error instanceof ClamavError) return toAnswer(error, isWritten);
    throw error;
  }
}

/** Writes what has gathered in one go, and lets clamd load it once. Nothing is written while clamd does not serve. */
export async function change(parts: Parts, tickets: readonly ChangeTicket[]): Promise<void> {
  const { mine, signal } = takeAll(tickets, parts, ({ settle }) => settle(LEFT));
  if (mine.length === 0) return;
  try {
    await ping(parts.config.socket, signal);
    const wanted = await withoutPassed(parts, mine);
    const answer = wanted.length > 0 ? await load(parts, wanted, signal) : undefined;
    for (const { settle } of answer ? wanted : []) settle(answer as Answer);
  } catch (error) {
    if (!(error instanceof ClamavError)) throw error;
    for (const { settle } of mine) settle(toAnswer(error, false));
  }
}
