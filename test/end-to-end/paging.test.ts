import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, type Reply, startServer, type TestServer } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

/** Every order in which pages are told apart by a key, by a kept order, or by both at once. */
const ORDERS = [
  '',
  '$orderby=createdDateTime',
  '$orderby=name',
  '$orderby=status desc',
  '$orderby=lastActionDateTime desc',
  '$orderby=enforcement/state,createdDateTime desc',
  '$orderby=actionReason desc,id',
];
/** Of properties that nobody changes. */
const FILTERS = [
  '',
  "$filter=contains(name,'lock') and clientContext eq 'seed'",
  "$filter=clientContext in ('seed','x')",
];
const QUERIES = ORDERS.flatMap((order) => FILTERS.map((filter) => [order, filter].filter(Boolean).join('&')));

const SEEDS = 60;
const DOOMED = 12;

const faults = ({ status, headers, text }: Reply, refused: Refused): string[] =>
  refusalFaults({ status, headers, body: text }, refused);

function describePaging(name: string, start: () => Promise<TestServer>, end: () => Promise<void>): void {
  describe(name, () => {
    let server: TestServer;
    let host = 0;

    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(async () => {
      await server?.discard();
      await end();
    });

    const get = (pathAndQuery: string): Promise<Reply> => ask(server, pathAndQuery);
    const linkOf = ({ json }: Reply): string | undefined => {
      const link = json['@odata.nextLink'] as unknown as string | undefined;
      return link?.slice(link.indexOf('/beta'));
    };
    const actionsOf = ({ json }: Reply): readonly Json[] => json.value as unknown as readonly Json[];

    async function post(clientContext: string): Promise<string> {
      host += 1;
      const body = {
        name: host % 3 === 0 ? 'BlockIp' : 'blockIp',
        actionReason: `reason ${host % 7}`,
        clientContext,
        parameters: [{ name: 'IP', value: `198.18.${host >> 8}.${host & 255}` }],
        vendorInformation: { provider: 'simulator' },
      };
      const { status, json, text } = await ask(server, ACTIONS, { body });
      expect(status, text).toBe(201);
      return String(json.id);
    }

    /** Follows all links. */
    async function idsOf(query: string): Promise<readonly string[]> {
      const ids: string[] = [];
      let link: string | undefined = `${ACTIONS}?${query}&$top=7`;
      while (link) {
        const page: Reply = await get(link.replaceAll(' ', '%20'));
        expect(page.status, page.text).toBe(200);
        ids.push(...actionsOf(page).map(({ id }) => String(id)));
        link = linkOf(page);
      }
      return ids;
    }

    const change = (id: string, method: string, rest: object = {}): Promise<Reply> =>
      ask(server, `${ACTIONS}/${id}`, { method, ...rest });

    /** Creates, cancels, patches and deletes until it is told to stop. @returns how much was written */
    async function write(kept: readonly string[], doomed: string[], isOver: () => boolean): Promise<number> {
      const turns: readonly ((id: string, written: number) => Promise<unknown>)[] = [
        (_, written) => post(written % 2 === 0 ? 'seed' : 'late'),
        (id) => change(`${id}/cancelSecurityAction`, 'POST'),
        async () => await Promise.all(doomed.splice(0, 1).map((id) => change(id, 'DELETE'))),
        (id, written) => change(id, 'PATCH', { body: { actionReason: `changed ${written}` } }),
      ];
      let written = 0;
      for (; !isOver(); written += 1) {
        await turns[written % turns.length]?.(kept[(written * 17) % kept.length] ?? '', written);
      }
      return written;
    }

    it('shows what was there from the start once, in every order, while others write', {
      timeout: 120_000,
    }, async () => {
      const seeds: string[] = [];
      for (let index = 0; index < SEEDS; index += 1) seeds.push(await post('seed'));
      const doomed = seeds.filter((_, index) => index % (SEEDS / DOOMED) === 0);
      const kept = seeds.filter((id) => !doomed.includes(id));
      let isOver = false;
      const writers = [0, 1, 2].map((share) =>
        write(kept, doomed.splice(0, share === 2 ? DOOMED : DOOMED / 3), () => isOver),
      );
      try {
        for (const query of QUERIES) {
          const ids = await idsOf(query);
          expect(new Set(ids).size, query).toBe(ids.length);
          expect(
            kept.filter((id) => !ids.includes(id)),
            query,
          ).toEqual([]);
        }
      } finally {
        isOver = true;
      }
      const written = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
      expect(written).toBeGreaterThan(QUERIES.length * 3);
      console.info(`${name}: ${QUERIES.length} lists read to their ends while ${written} writes went by`);
    });

    it('says so when the order of a list is not kept any more', { timeout: 60_000 }, async () => {
      const first = await get(`${ACTIONS}?$orderby=name&$top=2`);
      const link = linkOf(first) ?? '';
      expect((await get(link)).status).toBe(200);
      for (let index = 0; index < 101; index += 1) await get(`${ACTIONS}?$orderby=name&$top=1`);
      const refused = { status: 410, inner: 'expiredToken', target: '$skiptoken', says: /Ask for the list again/ };
      expect(faults(await get(link), refused)).toEqual([]);
    });

    it('counts on the first page, and where it is asked again', async () => {
      for (const query of ["$filter=clientContext eq 'seed'&$count=true&$top=5", '$orderby=name&$count=true&$top=5']) {
        const first = await get(`${ACTIONS}?${query}`);
        const count = Number(first.json['@odata.count']);
        expect(count).toBeGreaterThan(10);
        const link = linkOf(first) ?? '';
        expect((await get(link)).json).not.toHaveProperty(['@odata.count']);
        const again = await get(`${link}&$count=true`);
        expect([again.status, again.json['@odata.count']]).toEqual([200, count]);
        expect((await get(`${link}&$count=false`)).json).not.toHaveProperty(['@odata.count']);
      }
    });
  });
}

describePaging(
  'pages over SQLite',
  () => startServer(),
  async () => undefined,
);

describe.skipIf(!requirement('postgres18').ok)('with a database', () => {
  let postgres: TestPostgres | undefined;
  describePaging(
    'pages over PostgreSQL',
    async () => {
      postgres = await startPostgres('18');
      return await startServer({ env: { INTERDICT_DATABASE_URL: postgres.url } });
    },
    async () => postgres?.stop(),
  );
});
