import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ask, type Json, type TestServer } from '../server.ts';
import { readAppendLog } from './append-log.ts';
import type { Evidence, FinalAction, JournalLine } from './evidence.ts';
import type { EffectLine, HistoryLine } from './records.ts';
import type { Rig } from './rig.ts';

async function listAll(server: TestServer): Promise<readonly FinalAction[]> {
  const found: FinalAction[] = [];
  let url: string | undefined = '/beta/security/securityActions?$top=1000';
  while (url !== undefined) {
    const { json } = await ask(server, url);
    found.push(...(json.value as unknown as FinalAction[]));
    const next = json['@odata.nextLink'] as unknown as string | undefined;
    url = next?.replace(/^http:\/\/[^/]+/, '');
  }
  return found;
}

/** On its way, or with an end that comes soon. */
const unsettledAt = (now: number): string =>
  "status eq 'NotStarted' or status eq 'Running' or enforcement/state eq 'releasing' or enforcement/state eq 'unknown' or " +
  "enforcement/state eq 'drifted' or (enforcement/state eq 'inForce' and enforcement/expirationDateTime lt " +
  `${new Date(now + 60_000).toISOString()})`;

async function unsettled(server: TestServer): Promise<number> {
  const { json, status, text } = await ask(
    server,
    `/beta/security/securityActions?$top=1&$count=true&$filter=${encodeURIComponent(unsettledAt(Date.now()))}`,
  );
  if (status !== 200) throw new Error(text);
  return Number(json['@odata.count']);
}

const QUIET_MS = 3_000;
const LOOK_AGAIN_MS = 1_000;

export interface Gathering {
  readonly patienceMs: number;
  readonly said: (words: string) => void;
}

/** Waits until nothing moves any more, or until nothing has come to rest for so long. */
async function settle(server: TestServer, { patienceMs, said }: Gathering): Promise<void> {
  let fewest = Number.POSITIVE_INFINITY;
  let lastAt = performance.now();
  for (;;) {
    const left = await unsettled(server);
    const now = performance.now();
    said(`${left} are on their way`);
    if (left < fewest) [fewest, lastAt] = [left, now];
    // A late apply lands, and an end comes, a few seconds after everything seemed over.
    if (now - lastAt > (left === 0 ? QUIET_MS : patienceMs)) return;
    await delay(LOOK_AGAIN_MS);
  }
}

interface StoredEntry {
  readonly action_id: string | null;
  readonly type: string;
  readonly written_at: string;
  readonly content: string;
}

const COUNT_JOURNAL = 'select count(*) as entries from journal';
const READ_JOURNAL = 'select action_id, type, written_at, content from journal order by sequence';

async function query<Row>({ postgres, servers }: Rig, text: string): Promise<readonly Row[]> {
  if (!postgres) {
    const db = new DatabaseSync(path.join(servers[0]?.data ?? '', 'interdict.sqlite'), { readOnly: true });
    const rows = db.prepare(text).all() as unknown as Row[];
    db.close();
    return rows;
  }
  const client = new pg.Client({ connectionString: postgres.url, options: '-c search_path=interdict' });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows as Row[];
}

async function countJournal(rig: Rig): Promise<number> {
  const [row] = await query<{ readonly entries: number | string }>(rig, COUNT_JOURNAL);
  return Number(row?.entries);
}

function toLine({ action_id, type, written_at, content }: StoredEntry): JournalLine {
  const { details = {} } = JSON.parse(content) as { details?: { status?: string; operationId?: string } };
  const { status, operationId } = details;
  return { actionId: action_id, type, writtenAt: Date.parse(written_at), status, operationId };
}

type Present = Pick<Evidence, 'actions' | 'inForce' | 'journal'>;
const MOST_READS = 20;

/** The actions, the product and the journal of one moment: nothing was written from the first read to the last. */
async function readPresent(rig: Rig, server: TestServer): Promise<Present> {
  for (let reads = 1; ; reads += 1) {
    const before = await countJournal(rig);
    const actions = await listAll(server);
    const inForce = (await (await fetch(rig.providerUrl)).json()) as Json as unknown as string[];
    const journal = (await query<StoredEntry>(rig, READ_JOURNAL)).map(toLine);
    if (journal.length === before || reads === MOST_READS) return { actions, inForce, journal };
    await delay(QUIET_MS);
  }
}

/** Good manners, no more kills: what does not come to rest is stuck. */
export async function gatherEvidence(rig: Rig, gathering: Gathering): Promise<Evidence> {
  rig.orderProvider('good');
  rig.orderClient('finish');
  await rig.clientEnded();
  const [server] = rig.servers.map((each) => each.asTestServer());
  if (!server) throw new Error('There is no server to ask.');
  await settle(server, gathering);
  return {
    ...(await readPresent(rig, server)),
    history: readAppendLog<HistoryLine>(rig.history),
    effects: readAppendLog<EffectLine>(rig.effects),
    ready: rig.servers.flatMap((each) => each.readyTimes()),
  };
}
