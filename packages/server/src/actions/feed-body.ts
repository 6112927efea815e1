import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { toDateTime } from '../lib/date-time.ts';
import type { FeedEntryRow, HoldRow } from '../store/queries.ts';

/** A list as it goes out. */
export interface FeedBody {
  readonly body: Buffer;
  /** Digest of the body: the opaque part of a strong ETag. */
  readonly version: string;
}

/** One to two milliseconds of work: whoever else waits comes in between. */
const CHARACTERS_A_TURN = 65_536;
const ROWS_A_TURN = 5_000;

/** Makes a body of many small parts, and lets others come in between. */
export async function writeInTurns(parts: Iterable<string>): Promise<FeedBody> {
  const digest = createHash('sha256');
  const chunks: Buffer[] = [];
  let text = '';
  const flush = (): void => {
    const chunk = Buffer.from(text);
    digest.update(chunk);
    chunks.push(chunk);
    text = '';
  };
  for (const part of parts) {
    text += part;
    if (text.length < CHARACTERS_A_TURN) continue;
    flush();
    await turn();
  }
  flush();
  return { body: Buffer.concat(chunks), version: digest.digest('hex') };
}

interface Entry {
  readonly text: string;
  readonly row: FeedEntryRow;
}

function* ofOneKind(rows: readonly FeedEntryRow[], from: number, until: number): Generator<Entry, undefined> {
  for (let index = from; index < until; index += 1) {
    const row = rows[index];
    if (row) yield { text: row.target.slice(row.target.indexOf(':') + 1), row };
  }
}

const kindOf = (row: FeedEntryRow | undefined): string => row?.target.slice(0, row.target.indexOf(':') + 1) ?? '';

/** The store gives the entries by kind, sorted within each; a list has those of all kinds in one order. */
function* sorted(rows: readonly FeedEntryRow[]): Generator<Entry> {
  const runs: { readonly rest: Generator<Entry, undefined>; head: Entry }[] = [];
  for (let from = 0; from < rows.length; ) {
    const kind = kindOf(rows[from]);
    // By halves: a list of one kind is not walked through to find that out.
    let [inside, outside] = [from, rows.length];
    while (outside - inside > 1) {
      const middle = (inside + outside) >>> 1;
      if (kindOf(rows[middle]) === kind) inside = middle;
      else outside = middle;
    }
    const rest = ofOneKind(rows, from, outside);
    const head = rest.next().value;
    if (head) runs.push({ rest, head });
    from = outside;
  }
  while (runs.length > 0) {
    const next = runs.reduce((least, run) => (run.head.text < least.head.text ? run : least));
    yield next.head;
    const head = next.rest.next().value;
    if (head) next.head = head;
    else runs.splice(runs.indexOf(next), 1);
  }
}

function* textLines(rows: readonly FeedEntryRow[]): Generator<string> {
  for (const { text } of sorted(rows)) yield `${text}\n`;
}

/** `.txt`: one entry a line. */
export const toTextFeed = (rows: readonly FeedEntryRow[]): Promise<FeedBody> => writeInTurns(textLines(rows));

/** Actions by the effect that they hold. */
async function holdersInTurns(holds: readonly HoldRow[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (let from = 0; from < holds.length; from += ROWS_A_TURN) {
    for (const { enforcement_id, id } of holds.slice(from, from + ROWS_A_TURN)) {
      const ids = found.get(enforcement_id);
      if (ids) ids.push(id);
      else found.set(enforcement_id, [id]);
    }
    await turn();
  }
  return found;
}

interface ListName {
  readonly provider: string;
  readonly list: string;
}

function* jsonParts(
  { provider, list }: ListName,
  rows: readonly FeedEntryRow[],
  holdersOf: ReadonlyMap<string, readonly string[]>,
): Generator<string> {
  yield `{"provider":${JSON.stringify(provider)},"list":${JSON.stringify(list)},"value":[`;
  let separator = '';
  for (const { text, row } of sorted(rows)) {
    const expirationDateTime = toDateTime(row.wanted_until);
    yield separator + JSON.stringify({ entry: text, actionIds: holdersOf.get(row.id) ?? [], expirationDateTime });
    separator = ',';
  }
  yield ']}\n';
}

/** `.json`: each entry with its actions and its end. */
export async function toJsonFeed(
  name: ListName,
  rows: readonly FeedEntryRow[],
  holds: readonly HoldRow[],
): Promise<FeedBody> {
  return await writeInTurns(jsonParts(name, rows, await holdersInTurns(holds)));
}
