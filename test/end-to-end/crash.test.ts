import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

/** Each cycle kills the server in the midst of 200 requests. The long form, for a release: 20 and more. */
const CYCLES = Number(process.env.INTERDICT_CRASH_CYCLES ?? 2);
const REQUESTS = 200;

interface Sent {
  readonly target: string;
  /** Undefined where no answer came. */
  id?: string;
}

interface Figures {
  acknowledged: number;
  unanswered: number;
  lost: number;
  stuck: number;
  effectsTwice: number;
}

async function post(server: TestServer, sent: Sent): Promise<void> {
  const body = {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: sent.target }],
    vendorInformation: { provider: 'edge' },
  };
  try {
    const { status, json } = await ask(server, '/beta/security/securityActions', { body });
    if (status === 201) sent.id = String(json.id);
  } catch {
    // The server died: whether it took it shows afterwards.
  }
}

async function listAll(server: TestServer): Promise<readonly Json[]> {
  const found: Json[] = [];
  let url: string | undefined = '/beta/security/securityActions?$top=1000';
  while (url !== undefined) {
    const { json } = await ask(server, url);
    found.push(...(json.value as unknown as Json[]));
    const next = json['@odata.nextLink'] as unknown as string | undefined;
    url = next?.replace(/^http:\/\/[^/]+/, '');
  }
  return found;
}

/** Kills the server after a random number of answers, starts it again, and holds what it has against what was told. */
async function cycle(
  server: TestServer,
  receiver: WebhookReceiver,
  round: number,
  figures: Figures,
): Promise<TestServer> {
  const all: Sent[] = Array.from({ length: REQUESTS }, (_, index) => ({ target: `2001:db8:${round}::${index + 1}` }));
  const killAfter = Math.floor(Math.random() * REQUESTS * 0.9) + 5;
  const waiting = [...all];
  const work = async (): Promise<void> => {
    for (let sent = waiting.shift(); sent; sent = waiting.shift()) await post(server, sent);
  };
  const workers = Array.from({ length: 32 }, work);
  await until(
    () => all.filter(({ id }) => id !== undefined).length,
    (count) => count >= killAfter,
    30_000,
  );
  await server.kill();
  await Promise.all(workers);
  const next = await server.again();
  const acknowledged = all.filter(({ id }) => id !== undefined);
  const listed = new Map((await listAll(next)).map((action) => [String(action.id), action]));
  figures.acknowledged += acknowledged.length;
  figures.unanswered += all.length - acknowledged.length;
  figures.lost += acknowledged.filter(({ id }) => !listed.has(id ?? '')).length;
  const mine = `ip:2001:db8:${round}::`;
  const unfinished = async (): Promise<number> =>
    (await listAll(next)).filter(
      ({ status, enforcement }) =>
        String(enforcement?.target).startsWith(mine) &&
        (status as unknown) !== 'Completed' &&
        (status as unknown) !== 'Failed',
    ).length;
  figures.stuck += await until(unfinished, (count) => count === 0, 20_000).catch(unfinished);
  for (const { target } of all) {
    const operations = new Set(receiver.of('apply', `ip:${target}`).map(({ id }) => id));
    if (operations.size > 1) figures.effectsTwice += 1;
  }
  return next;
}

function describeCrashes(
  store: string,
  canRun: boolean,
  open: () => Promise<{ url?: string; close(): Promise<void> }>,
): void {
  describe.skipIf(!canRun)(`kill -9 in the middle of ${REQUESTS} requests, on ${store}`, () => {
    const receiver = new WebhookReceiver();
    let database: Awaited<ReturnType<typeof open>>;
    let server: TestServer;

    beforeAll(async () => {
      await receiver.start();
      database = await open();
      server = await startServer({
        env: { HOOK_SECRET: receiver.secret, ...(database.url && { INTERDICT_DATABASE_URL: database.url }) },
        config: `providers:\n${webhookProvider(receiver, 'edge', 'timeout: PT2S')}`,
      });
    });
    afterAll(async () => {
      await server?.discard();
      await database?.close();
      await receiver.stop();
    });

    it(
      `loses nothing that was acknowledged, and leaves nothing stuck, ${CYCLES} times`,
      async () => {
        const figures: Figures = { acknowledged: 0, unanswered: 0, lost: 0, stuck: 0, effectsTwice: 0 };
        for (let round = 1; round <= CYCLES; round += 1) server = await cycle(server, receiver, round, figures);
        console.log(`${store}: ${CYCLES} kills: ${JSON.stringify(figures)}`);
        expect(figures.acknowledged).toBeGreaterThan(0);
        expect(figures).toMatchObject({ lost: 0, stuck: 0, effectsTwice: 0 });
      },
      60_000 + CYCLES * 60_000,
    );
  });
}

describeCrashes('SQLite', true, async () => ({ close: async () => undefined }));

describeCrashes('PostgreSQL', requirement('postgres18').ok, async () => {
  const postgres: TestPostgres = await startPostgres('18');
  return { url: postgres.url, close: () => postgres.stop() };
});
