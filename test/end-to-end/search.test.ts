import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { refusalFaults } from '../refusal.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenOf } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const OTHER_TENANT = 'bbbbbbbb-1111-4111-8111-111111111111';

const deep = (depth: number): string => `${'('.repeat(depth)}a${')'.repeat(depth)}`;

/** Each is 400 with a place or a bound. */
const BAD: readonly (readonly [query: string, says: RegExp])[] = [
  ['$search=', /"\$search" is empty/],
  ['$search', /"\$search" is empty/],
  ['$search=%20%20', /"\$search" is empty/],
  ['search=', /"\$search" is empty/],
  ['$search="open', /At character 1: the quotation mark is not closed/],
  ['$search=a "b', /At character 3: the quotation mark/],
  ['$search="a\\b"', /At character 1: the quotation mark/],
  ['$search=""', /At character 1: this has no letter/],
  ['$search=" - "', /no letter/],
  ['$search=*', /no letter/],
  ['$search=a ?', /At character 3: this has no letter/],
  ['$search=🚫', /no letter/],
  ['$search=%00', /no letter/],
  ['$search=OR', /At character 1: "OR" stands where a word is wanted/],
  ['$search=AND a', /At character 1: "AND"/],
  ['$search=a OR', /At the end: a word/],
  ['$search=a AND', /At the end/],
  ['$search=NOT', /At the end/],
  ['$search=a OR OR b', /At character 6: "OR"/],
  ['$search=a AND AND b', /At character 7: "AND"/],
  ['$search=NOT AND', /At character 5: "AND"/],
  ['$search=(', /At the end/],
  ['$search=)', /At character 1/],
  ['$search=()', /At character 2/],
  ['$search=(a', /At character 1: the parenthesis is not closed/],
  ['$search=a)', /At character 2: nothing opened this parenthesis/],
  ['$search=(a OR) b', /At character 6/],
  [`$search=${deep(17)}`, /at most 16 deep/],
  [`$search=${'NOT '.repeat(17)}a`, /at most 16 deep/],
  [`$search=${'('.repeat(2_048)}`, /at most 16 deep/],
  [`$search=${Array.from({ length: 51 }, (_, index) => `w${index}`).join(' ')}`, /at most 50 words/],
  [`$search=${'a'.repeat(129)}`, /At character 1: a word that is searched for has at most 128 characters/],
  [`$search=${'a'.repeat(2_049)}`, /longer than 2048 characters/],
  ['$search=a&$search=b', /is there twice/],
  ['$search=a&search=b', /is there twice/],
];

/** Another twice, or an escape that is none. */
const targetOf = (query: string): string => (/&search/.test(query) ? 'search' : '$search');

const request = (reason: string, target: string, more: object = {}): object => ({
  name: 'BlockIp',
  actionReason: reason,
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'simulator' },
  ...more,
});

function describeSearch(name: string, start: () => Promise<TestServer>, end: () => Promise<void>): void {
  describe(name, () => {
    let server: TestServer;

    beforeAll(async () => {
      server = await start();
    });
    afterAll(end);

    const create = async (body: object, token?: string): Promise<string> => {
      const reply = await ask(server, ACTIONS, { body, ...(token !== undefined && { token }) });
      expect(reply.status, reply.text).toBe(201);
      return String(reply.json.id);
    };
    const search = (text: string, more = '', token?: string): Promise<Reply> =>
      ask(server, `${ACTIONS}?$search=${encodeURIComponent(text)}${more}`, { ...(token !== undefined && { token }) });
    const idsIn = ({ json }: Reply): readonly string[] =>
      (json.value as unknown as readonly { id: string }[]).map(({ id }) => id);
    const found = async (text: string, token?: string): Promise<readonly string[]> =>
      idsIn(await search(text, '', token));

    it('finds what was accepted a moment ago, by words, phrases, OR, NOT and parentheses', async () => {
      const one = await create(
        request('Beaconing to évil.example, seen twice', '198.51.100.7', { clientContext: 'c-ÄÖ' }),
      );
      const two = await create(request('beaconing seen once', '198.51.100.77'));
      const cases: readonly (readonly [text: string, ids: readonly string[]])[] = [
        ['beaconing', [two, one]],
        ['BEACONING twice', [one]],
        ['"seen once"', [two]],
        ['"once seen"', []],
        ['"twice 198"', []],
        ['beaconing NOT twice', [two]],
        ['NOT twice beaconing', [two]],
        ['(once OR twice) seen', [two, one]],
        ['once OR nowhere', [two]],
        ['ÉVIL.example', [one]],
        ['198.51.100.7', [one]],
        ['"ip:198.51.100.77"', [two]],
        ['äö', [one]],
        ['beacon', []],
        ['simulator beaconing', [two, one]],
        ['blockip AND beaconing', [two, one]],
      ];
      for (const [text, ids] of cases) expect(await found(text), text).toEqual(ids);
      expect(await found('NOT beaconing')).not.toContain(one);
    });

    it('counts, pages, and sorts what it finds', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        ids.unshift(await create(request(`paging n${index}`, `198.51.101.${index}`)));
      }
      const count = await ask(server, `${ACTIONS}/$count?$search=paging`);
      expect([count.status, count.text]).toEqual([200, '12']);
      const pages: string[] = [];
      let page = await search('paging', '&$top=5&$count=true');
      expect(page.json['@odata.count']).toBe(12);
      for (;;) {
        pages.push(...idsIn(page));
        const next = page.json['@odata.nextLink'];
        if (next === undefined) break;
        await create(request('paging later', '198.51.102.1'));
        page = await ask(server, String(next).replace(/^https?:\/\/[^/]+/, ''));
      }
      expect(pages).toEqual(ids);
      const oldest = await search('paging NOT later', '&$orderby=createdDateTime&$top=3&$skip=1');
      expect(idsIn(oldest)).toEqual([...ids].reverse().slice(1, 4));
      const sorted = await search('paging NOT later', '&$orderby=actionReason&$top=2');
      expect((sorted.json.value as unknown as Json[]).map(({ actionReason }) => String(actionReason))).toEqual([
        'paging n0',
        'paging n1',
      ]);
    });

    it('does not find what was deleted', async () => {
      const id = await create(request('ephemeral', '198.51.103.1'));
      expect(await found('ephemeral')).toEqual([id]);
      await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
      await until(
        () => ask(server, `${ACTIONS}/${id}`, { method: 'DELETE' }),
        ({ status }) => status === 204,
      );
      expect(await found('ephemeral')).toEqual([]);
      expect((await ask(server, `${ACTIONS}/$count?$search=ephemeral`)).text).toBe('0');
    });

    it('finds nothing of another tenant', async () => {
      const token = await tokenOf(server, OTHER_TENANT);
      const mine = await create(request('sharedword', '198.51.104.1'));
      const theirs = await create(request('sharedword', '198.51.104.1'), token);
      expect(await found('sharedword')).toEqual([mine]);
      expect(await found('sharedword', token)).toEqual([theirs]);
      expect(await found('NOT nothing', token)).toEqual([theirs]);
    });

    it('finds the same after a time without requests, when the index has been brought up to date by itself', async () => {
      const id = await create(request('leftalone', '198.51.105.1'));
      await delay(1_500);
      expect(await found('leftalone')).toEqual([id]);
    });

    it.each(BAD)('refuses %s', async (query, says) => {
      const options = query
        .split('&')
        .map((part) =>
          part.replace(/=(.*)$/s, (_, value) => `=${value.startsWith('%') ? value : encodeURIComponent(value)}`),
        );
      for (const url of [`${ACTIONS}?${options.join('&')}`, `${ACTIONS}/$count?${options.join('&')}`]) {
        const { status, headers, text } = await ask(server, url);
        const refused = {
          status: 400,
          code: 'badRequest',
          inner: 'invalidQueryOption',
          target: targetOf(query),
          says,
        } as const;
        expect(refusalFaults({ status, headers, body: text }, refused)).toEqual([]);
      }
    });
  });
}

let embedded: TestServer;
describeSearch(
  '$search over SQLite',
  async () => {
    embedded = await startServer({ config: 'providers: [ { name: simulator, connector: simulator } ]' });
    return embedded;
  },
  async () => embedded?.discard(),
);

let shared: TestServer;
let postgres: TestPostgres;
describe.skipIf(!requirement('postgres18').ok)('with a database', () =>
  describeSearch(
    '$search over PostgreSQL',
    async () => {
      postgres = await startPostgres('18');
      shared = await startServer({
        config: 'providers: [ { name: simulator, connector: simulator } ]',
        env: { INTERDICT_DATABASE_URL: postgres.url },
      });
      return shared;
    },
    async () => {
      await shared?.discard();
      await postgres?.stop();
    },
  ),
);

it('indexes what only updates bring, without a creation and without a search', async () => {
  const server = await startServer();
  const db = new DatabaseSync(path.join(server.data, 'interdict.sqlite'), { readOnly: true });
  const stand = (): Record<string, unknown> | undefined =>
    db.prepare('select sequence, last_sequence from tenant left join word_index using (tenant_id)').get();
  const isLevel = (row: ReturnType<typeof stand>): boolean => Number(row?.sequence) === Number(row?.last_sequence);
  const { json } = await ask(server, '/security/securityActions', { body: { name: 'x', status: 'Completed' } });
  await until(stand, (row) => isLevel(row));
  for (let index = 0; index < 20; index += 1) {
    const body = { actionReason: `reason ${index}` };
    await ask(server, `${ACTIONS}/${String(json.id)}`, { method: 'PATCH', body });
  }
  expect(Number((await until(stand, (row) => isLevel(row)))?.sequence)).toBeGreaterThan(20);
  db.close();
  await server.discard();
});
