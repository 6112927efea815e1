import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../event-stream.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

const record = async (server: TestServer, name: string): Promise<string> =>
  String((await ask(server, '/security/securityActions', { body: { name, status: 'Completed' } })).json.id);

const pathOf = (url: unknown): string => String(url).replace(/^https?:\/\/[^/]+/, '');

/** Does to the journal of a server that is stopped what time, pruning or a restore would. */
async function withJournal(server: TestServer, sql: string): Promise<TestServer> {
  await server.stop();
  const db = new DatabaseSync(path.join(server.data, 'interdict.sqlite'));
  db.exec(sql);
  db.close();
  return await server.again();
}

describe('a journal that no longer has what a client asks for', () => {
  let server: TestServer;
  let link: string;

  const eventsBehind = async (id: string): Promise<readonly (readonly [string, unknown])[]> => {
    const headers = { Authorization: `Bearer ${server.token()}`, 'Last-Event-ID': id };
    const stream = await openStream(`${server.url}${ACTIONS}/stream`, headers);
    const last = await record(server, 'live');
    await until(
      () => stream.events,
      (events) => events.some(({ data }) => data.id === last),
    );
    stream.close();
    return stream.events.map(({ event, data }) => [event, data.name] as const);
  };

  beforeAll(async () => {
    server = await startServer();
    await record(server, 'first');
    link = pathOf((await ask(server, `${ACTIONS}/delta?$top=9`)).json['@odata.deltaLink']);
    for (const name of ['second', 'third', 'fourth']) await record(server, name);
  });
  afterAll(() => server.discard());

  it('is young enough to begin with', async () => {
    expect(((await ask(server, link)).json.value as unknown as Json[]).map(({ name }) => name)).toEqual([
      'second',
      'third',
      'fourth',
    ]);
    expect(await eventsBehind('1')).toEqual(['second', 'third', 'fourth', 'live'].map((name) => ['created', name]));
  });

  it('is not told of by the stream when it is older than 7 days, but by delta', async () => {
    server = await withJournal(
      server,
      "update journal set written_at = '2020-01-01T00:00:00.0000000Z' where sequence = 2",
    );
    expect(await eventsBehind('1')).toEqual([
      ['resync', undefined],
      ['created', 'live'],
    ]);
    expect((await eventsBehind('2'))[0]).toEqual(['created', 'third']);
    expect((await ask(server, link)).status).toBe(200);
  });

  it('answers 410 where it was pruned, and the stream says resync', async () => {
    server = await withJournal(server, 'delete from journal where sequence <= 3');
    const answer = await ask(server, link);
    expect([answer.status, answer.json.error?.innerError?.code]).toEqual([410, 'expiredToken']);
    expect(answer.headers.get('location')).toBe(`${server.url}${ACTIONS}/delta?$top=9`);
    expect((await eventsBehind('1'))[0]).toEqual(['resync', undefined]);
    expect((await eventsBehind('3'))[0]).toEqual(['created', 'fourth']);
  });

  it('answers 410 where all of it was pruned', async () => {
    server = await withJournal(server, 'delete from journal');
    expect((await ask(server, link)).status).toBe(410);
    expect((await eventsBehind('3'))[0]).toEqual(['resync', undefined]);
  });
});
