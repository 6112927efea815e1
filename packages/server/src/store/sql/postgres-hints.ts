import pg from 'pg';
import type { Hint, ProcessHints } from '../process-hints.ts';
import { QUICK_SILENCE_MS } from './postgres-borrow.ts';
import { becomeApp, connectionOptions } from './postgres-connection.ts';
import { listening } from './postgres-silence.ts';

const CHANNEL = 'interdict_hints';
/** So long hints are gathered: a notification costs a transaction of its own. */
const GATHER_MS = 20;
/** That a tenant has work for others need not be said more often than they look by themselves. */
const WORK_AGAIN_MS = 250;
/** PostgreSQL takes 8,000 bytes in one. */
const MOST_A_NOTE = 100;
/** On a line that is lost without a word nothing is heard: it is asked now and then whether it still stands. */
const ASK_MS = 5_000;
const RECONNECT_MS = 500;

type Listener = (tenantId: string, hint: Hint) => void;

interface HintLine {
  readonly url: string;
  /** Tells our own hints from those of others. */
  readonly own: string;
  readonly hasOthers: () => boolean;
  client: pg.Client | undefined;
  closed: boolean;
  readonly waiting: Map<string, readonly [Hint, string]>;
  readonly toldWork: Set<string>;
  readonly listeners: Listener[];
  soon: NodeJS.Timeout | undefined;
}

const HINTS: readonly unknown[] = ['changed', 'work', 'ended'] satisfies readonly Hint[];

/** What another process told; whatever else stands in a notification is nobody's hint. */
export function readNote(payload: string, own: string): readonly (readonly [Hint, string])[] {
  try {
    const { from, hints } = JSON.parse(payload) as { from?: unknown; hints?: unknown };
    if (from === own || !Array.isArray(hints)) return [];
    return hints.filter(
      (one): one is [Hint, string] => Array.isArray(one) && HINTS.includes(one[0]) && typeof one[1] === 'string',
    );
  } catch {
    return [];
  }
}

function onNote(line: HintLine, payload: string | undefined): void {
  for (const [hint, tenantId] of readNote(payload ?? '', line.own)) {
    for (const listener of line.listeners) listener(tenantId, hint);
  }
}

async function connect(line: HintLine): Promise<void> {
  const client = new pg.Client(connectionOptions(line.url));
  client.on('error', () => {
    if (line.client !== client) return;
    line.client = undefined;
    void reconnect(line);
  });
  client.on('notification', ({ payload }) => onNote(line, payload));
  try {
    await client.connect();
    await becomeApp(client);
    await listening(client, QUICK_SILENCE_MS, () => client.query(`listen ${CHANNEL}`));
    line.client = client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

async function reconnect(line: HintLine): Promise<void> {
  while (!line.closed && !line.client) {
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS).unref());
    await connect(line).catch(() => undefined);
  }
}

/**
 * In transactions of their own, behind the commits that they tell of: PostgreSQL lets one transaction at a time commit
 * that notifies, its fsync included, which would take half of what a database can write.
 */
function send(line: HintLine): void {
  line.soon = undefined;
  const hints = [...line.waiting.values()];
  line.waiting.clear();
  const { client } = line;
  if (!client) return;
  for (let start = 0; start < hints.length; start += MOST_A_NOTE) {
    const note = JSON.stringify({ from: line.own, hints: hints.slice(start, start + MOST_A_NOTE) });
    const notify = (): Promise<unknown> => client.query('select pg_notify($1, $2)', [CHANNEL, note]);
    // Lost with its connection, which is made anew.
    listening(client, QUICK_SILENCE_MS, notify).catch(() => undefined);
  }
}

function tell(line: HintLine, tenantId: string, hint: Hint): void {
  if (line.closed || !line.hasOthers()) return;
  if (hint === 'work') {
    if (line.toldWork.has(tenantId)) return;
    line.toldWork.add(tenantId);
    setTimeout(() => line.toldWork.delete(tenantId), WORK_AGAIN_MS).unref();
  }
  line.waiting.set(`${hint} ${tenantId}`, [hint, tenantId]);
  line.soon ??= setTimeout(() => send(line), GATHER_MS).unref();
}

export interface OpenHints extends ProcessHints {
  close(): Promise<void>;
}

/** A connection of its own, by which this process tells others and hears them. @throws {Error} where there is none */
export async function openHints(url: string, own: string, hasOthers: () => boolean): Promise<OpenHints> {
  const line: HintLine = {
    url,
    own,
    hasOthers,
    client: undefined,
    closed: false,
    waiting: new Map(),
    toldWork: new Set(),
    listeners: [],
    soon: undefined,
  };
  await connect(line);
  const asking = setInterval(() => {
    const { client } = line;
    if (client) listening(client, QUICK_SILENCE_MS, () => client.query('select 1')).catch(() => undefined);
  }, ASK_MS).unref();
  return {
    tell: (tenantId, hint) => tell(line, tenantId, hint),
    hear: (listener) => void line.listeners.push(listener),
    close: async () => {
      line.closed = true;
      clearInterval(asking);
      clearTimeout(line.soon);
      await line.client?.end().catch(() => undefined);
    },
  };
}
