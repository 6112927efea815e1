import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Json, startServer, type TestServer } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const WRITERS = 6;
const WRITES_FOR_MS = Number(process.env.INTERDICT_DELTA_MS ?? 4_000);
const RANK = ['NotStarted', 'Running', 'Completed', 'Failed'];

const pathOf = (url: unknown): string => String(url).replace(/^https?:\/\/[^/]+/, '');

/** Creates, cancels and deletes at one server; what becomes of an action is the dispatcher's doing. */
async function write(server: TestServer, writer: number, until: () => boolean): Promise<void> {
  for (let round = 0; !until(); round += 1) {
    const target = `2001:db8:${writer.toString(16)}::${(round + 1).toString(16)}`;
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target }],
      vendorInformation: { provider: 'edge' },
    };
    const { json } = await ask(server, ACTIONS, { body });
    if (round % 3 === 1) await ask(server, `${ACTIONS}/${String(json.id)}/cancelSecurityAction`, { method: 'POST' });
    if (round % 5 !== 2) continue;
    const recorded = await ask(server, '/security/securityActions', { body: { name: 'history', status: 'Completed' } });
    await delay(5);
    await ask(server, `${ACTIONS}/${String(recorded.json.id)}`, { method: 'DELETE' });
  }
}

/** A client that keeps a copy by delta alone, and notes what a client must never see. */
class DeltaClient {
  readonly copy = new Map<string, Json>();
  readonly deleted = new Set<string>();
  readonly faults: string[] = [];
  readonly history: string[] = [];
  repeats = 0;
  pages = 0;
  #url: string;

  constructor(first: string) {
    this.#url = first;
  }

  #take(value: Json): void {
    const id = String(value.id);
    this.history.push(id);
    if (value['@removed']) {
      this.copy.delete(id);
      this.deleted.add(id);
      return;
    }
    if (this.deleted.has(id)) this.faults.push(`${id} came back`);
    const before = this.copy.get(id);
    if (JSON.stringify(before) === JSON.stringify(value)) this.repeats += 1;
    const [was, is] = [before, value].map((action) => (action?.states as unknown as Json[] | undefined)?.length ?? 0);
    if ((is ?? 0) < (was ?? 0)) this.faults.push(`${id} has fewer states than before`);
    if (RANK.indexOf(String(value.status)) < RANK.indexOf(String(before?.status))) this.faults.push(`${id} went back`);
    this.copy.set(id, value);
  }

  /** One page; true where it was the last for now. */
  async page(server: TestServer): Promise<boolean> {
    const { status, json, text } = await ask(server, this.#url);
    if (status !== 200) throw new Error(text);
    this.pages += 1;
    const values = json.value as unknown as Json[];
    if (new Set(values.map(({ id }) => id)).size !== values.length) this.faults.push('one action twice on a page');
    for (const value of values) this.#take(value);
    const isEnd = json['@odata.deltaLink'] !== undefined;
    this.#url = pathOf(json['@odata.deltaLink'] ?? json['@odata.nextLink']);
    return isEnd;
  }
}

async function listAll(server: TestServer): Promise<Map<string, Json>> {
  const found = new Map<string, Json>();
  for (let url: string | undefined = `${ACTIONS}?$top=1000`; url !== undefined; ) {
    const { json }: { json: Json } = await ask(server, url);
    for (const action of json.value as unknown as Json[]) found.set(String(action.id), action);
    url = json['@odata.nextLink'] === undefined ? undefined : pathOf(json['@odata.nextLink']);
  }
  return found;
}

/** Without what the ledger says at the moment of reading: that is no change. */
const settled = ({ enforcement, ...rest }: Json): unknown => {
  const { verifiedDateTime: _verified, heldByOthers: _held, ...known } = enforcement ?? {};
  return { ...rest, enforcement: known };
};

/** Until nothing changes any more. */
async function follow(client: DeltaClient, servers: readonly TestServer[], isOver: () => boolean): Promise<void> {
  for (let quiet = 0; quiet < 10; ) {
    const before = client.history.length;
    const isEnd = await client.page(servers[client.pages % servers.length] as TestServer);
    quiet = isOver() && isEnd && client.history.length === before ? quiet + 1 : 0;
    if (quiet > 0) await delay(200);
  }
}

async function proveHistory(servers: readonly TestServer[], name: string): Promise<void> {
  const [first] = servers as [TestServer];
  for (let index = 0; index < 40; index += 1) {
    await ask(first, '/security/securityActions', { body: { name: 'old', status: 'Completed' } });
  }
  const clients = [1, 7, 100].map((top) => new DeltaClient(`${ACTIONS}/delta?$top=${top}`));
  const ends = Date.now() + WRITES_FOR_MS;
  const isOver = (): boolean => Date.now() > ends;
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    write(servers[index % servers.length] as TestServer, index + 1, isOver),
  );
  const following = clients.map((client) => follow(client, servers, isOver));
  await Promise.all(writers);
  await Promise.all(following);
  const listed = await listAll(first);
  for (const client of clients) {
    expect(client.faults).toEqual([]);
    expect(client.copy.size).toBe(listed.size);
    for (const [id, action] of listed) expect(settled(client.copy.get(id) ?? {}), id).toEqual(settled(action));
    const { pages, history, repeats, deleted } = client;
    console.log(
      `${name}: ${listed.size} actions, ${pages} pages, ${history.length} entries, ${repeats} repeats, ${deleted.size} removed, 0 missed, 0 backwards`,
    );
  }
}

describe('a client that follows by delta while many write', () => {
  const receiver = new WebhookReceiver();
  const config = (): string => `providers:\n${webhookProvider(receiver, 'edge', 'timeout: PT2S')}\n`;

  it('has what the list has, and never saw an action go back: SQLite', async () => {
    await receiver.start();
    const server = await startServer({ config: config(), env: { HOOK_SECRET: receiver.secret } });
    try {
      await proveHistory([server], 'SQLite');
    } finally {
      await server.discard();
      await receiver.stop();
    }
  });

  it.skipIf(!requirement('postgres18').ok)('the same over two processes on one PostgreSQL', async () => {
    const postgres: TestPostgres = await startPostgres('18');
    await receiver.start();
    const env = { HOOK_SECRET: receiver.secret, INTERDICT_DATABASE_URL: postgres.url };
    const one = await startServer({ config: config(), env });
    const data = aDataFolder();
    copyFileSync(path.join(one.data, 'key'), path.join(data, 'key'));
    const two = await startServer({ data, config: config(), env });
    try {
      await proveHistory([one, two], 'PostgreSQL, two processes');
    } finally {
      for (const server of [one, two]) await server.discard();
      await receiver.stop();
      await postgres.stop();
    }
  });
});
