import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openInstallKey } from '../../packages/server/src/auth/install-key.ts';
import { formatDeltaToken } from '../../packages/server/src/odata/delta-token.ts';
import { refusalFaults as faultsOf, type Refused } from '../refusal.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenOf } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const DELTA = `${ACTIONS}/delta`;
const OTHER = '0ddba11d-0000-4000-8000-000000000001';

const refusalFaults = (reply: Reply, refused: Refused): string[] => faultsOf({ ...reply, body: reply.text }, refused);

interface Page {
  readonly values: readonly Json[];
  readonly next: string | undefined;
  readonly delta: string | undefined;
}

const pathOf = (url: unknown): string | undefined =>
  url === undefined ? undefined : String(url).replace(/^https?:\/\/[^/]+/, '');

async function pageAt(server: TestServer, url: string, token?: string): Promise<Page> {
  const { status, json, text } = await ask(server, url, token === undefined ? {} : { token });
  expect(status, text).toBe(200);
  const values = json.value as unknown as Json[];
  return { values, next: pathOf(json['@odata.nextLink']), delta: pathOf(json['@odata.deltaLink']) };
}

/** All pages up to a deltaLink. */
async function round(
  server: TestServer,
  from: string,
  token?: string,
): Promise<{ values: Json[]; link: string; pages: number }> {
  const values: Json[] = [];
  let url: string | undefined = from;
  for (let pages = 1; ; pages += 1) {
    const page: Page = await pageAt(server, url, token);
    values.push(...page.values);
    expect([page.next, page.delta].filter((link) => link !== undefined)).toHaveLength(1);
    if (page.delta !== undefined) return { values, link: page.delta, pages };
    url = page.next ?? '';
  }
}

describe('delta', () => {
  let server: TestServer;
  let tenant = 0;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.discard());

  /** A tenant of the test's own, with a token. */
  const aTenant = async (): Promise<string> => {
    tenant += 1;
    return await tokenOf(server, `0ddba11d-0000-4000-8000-${String(100 + tenant).padStart(12, '0')}`);
  };

  const post = async (token: string, ip: string, rest: object = {}): Promise<string> => {
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: ip }],
      vendorInformation: { provider: 'simulator' },
      ...rest,
    };
    const { status, json, text } = await ask(server, ACTIONS, { body, token });
    expect(status, text).toBe(201);
    return String(json.id);
  };
  const record = async (token: string, name: string): Promise<string> => {
    const { json } = await ask(server, '/security/securityActions', { body: { name, status: 'Completed' }, token });
    return String(json.id);
  };
  const completed = async (token: string, id: string): Promise<void> =>
    void (await until(
      async () => (await ask(server, `${ACTIONS}/${id}`, { token })).json.status as unknown,
      (status) => status === 'Completed',
    ));
  const remove = async (token: string, id: string): Promise<void> => {
    expect((await ask(server, `${ACTIONS}/${id}`, { method: 'DELETE', token })).status).toBe(204);
  };

  it('gives all actions page by page, then nothing, then what changed, then nothing again', async () => {
    const token = await aTenant();
    const ids = [await record(token, 'a'), await record(token, 'b'), await record(token, 'c')];
    const first = await round(server, `${DELTA}?$top=2`, token);
    expect(first.values.map(({ id }) => id)).toEqual([...ids].reverse());
    expect(first.pages).toBe(2);
    const second = await round(server, first.link, token);
    expect(second).toMatchObject({ values: [], pages: 1 });
    const added = await record(token, 'd');
    await remove(token, ids[0] ?? '');
    const third = await round(server, second.link, token);
    expect(third.values).toEqual([
      expect.objectContaining({ id: added, name: 'd', status: 'Completed' }),
      { id: ids[0], '@removed': { reason: 'deleted' } },
    ]);
    expect((await round(server, third.link, token)).values).toEqual([]);
    // A link that was followed is good again: repeats are allowed.
    expect((await round(server, second.link, token)).values).toEqual(third.values);
  });

  it('gives in the first round after it what changed while the baseline was read', async () => {
    const token = await aTenant();
    const ids = [await record(token, 'a'), await record(token, 'b')];
    const page = await pageAt(server, `${DELTA}?$top=1`, token);
    await remove(token, ids[1] ?? '');
    const rest = await round(server, page.next ?? '', token);
    const after = await round(server, rest.link, token);
    expect(after.values).toEqual([{ id: ids[1], '@removed': { reason: 'deleted' } }]);
  });

  it('gives an action once a page, as it is now', async () => {
    const token = await aTenant();
    const { link } = await round(server, `${DELTA}?$deltatoken=latest`, token);
    const id = await post(token, '203.0.113.1');
    await completed(token, id);
    const { values } = await round(server, link, token);
    expect(values.map((value) => [value.id, value.status])).toEqual([[id, 'Completed']]);
  });

  it.each(['$deltatoken=latest', 'deltatoken=Latest', '%24DeltaToken=latest&$top=7'])(
    'begins with nothing for %s',
    async (query) => {
      const token = await aTenant();
      await record(token, 'a');
      const { values, link } = await round(server, `${DELTA}?${query}`, token);
      expect(values).toEqual([]);
      const id = await record(token, 'b');
      expect((await round(server, link, token)).values).toMatchObject([{ id }]);
    },
  );

  it('keeps $select on all its pages, with the id', async () => {
    const token = await aTenant();
    const id = await record(token, 'a');
    const first = await ask(server, `${DELTA}?$select=name,enforcement/state`, { token });
    expect(first.json['@odata.context']).toBe(
      `${server.url}/beta/$metadata#security/securityActions(id,name,enforcement/state)`,
    );
    expect(first.json.value).toEqual([{ id, name: 'a', enforcement: { state: 'none' } }]);
    const added = await record(token, 'b');
    const { values } = await round(server, pathOf(first.json['@odata.deltaLink']) ?? '', token);
    expect(values).toEqual([{ id: added, name: 'b', enforcement: { state: 'none' } }]);
  });

  it.each(['/v1.0', '/localtest', ''])('keeps the root "%s" in its links', async (root) => {
    const token = await aTenant();
    const id = await record(token, 'a');
    const { json } = await ask(server, `${root}/security/securityActions/microsoft.graph.delta()`, { token });
    expect(json['@odata.deltaLink']).toMatch(`${server.url}${root}/security/securityActions/delta?$deltatoken=`);
    expect(json['@odata.deltaLink']).not.toMatch(/[{}]/);
    expect((json.value as unknown as Json[])[0]).toMatchObject({ id, name: 'a' });
  });

  it('keeps $filter on all its pages, and says what no longer fulfils it', async () => {
    const token = await aTenant();
    const ids = [await record(token, 'yes'), await record(token, 'no'), await record(token, 'yes')];
    const query = `$filter=${encodeURIComponent("name eq 'yes' or status eq 'NotStarted' or status eq 'Running'")}&$top=1`;
    const first = await round(server, `${DELTA}?${query}`, token);
    expect(first.values.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
    const running = await post(token, '203.0.113.2');
    const second = await round(server, first.link, token);
    expect(second.values.map(({ id, status }) => [id, status]).at(-1)).toEqual([
      running,
      expect.stringMatching(/NotStarted|Running/),
    ]);
    await completed(token, running);
    const added = await record(token, 'yes');
    const third = await round(server, second.link, token);
    expect(third.values).toMatchObject([
      { id: running, '@removed': { reason: 'changed' } },
      { id: added, name: 'yes' },
    ]);
  });

  it('looks at no more than so much for one page, which may be empty', async () => {
    const token = await aTenant();
    const { link } = await round(
      server,
      `${DELTA}?$deltatoken=latest&$filter=${encodeURIComponent("name eq 'rare'")}`,
      token,
    );
    for (let index = 0; index < 2_200; index += 100) {
      await Promise.all(Array.from({ length: 100 }, () => record(token, 'common')));
    }
    const rare = await record(token, 'rare');
    const { values, pages } = await round(server, link, token);
    expect(pages).toBeGreaterThan(1);
    expect(values.filter((value) => !value['@removed'])).toMatchObject([{ id: rare }]);
    const baseline = await round(server, `${DELTA}?$filter=${encodeURIComponent("name eq 'none'")}`, token);
    expect(baseline).toMatchObject({ values: [], pages: 2 });
  });

  it('refuses a $filter that is none, and one too long for its links', async () => {
    const wrong = await ask(server, `${DELTA}?$filter=nme%20eq%201`);
    expect(refusalFaults(wrong, { status: 400, inner: ['invalidFilter', 'unknownProperty'] })).toEqual([]);
    const random = Array.from({ length: 5_500 }, () => Math.floor(Math.random() * 36).toString(36)).join('');
    const long = await ask(server, `${DELTA}?$filter=name%20eq%20'${random}'`);
    expect(long.status).toBe(400);
  });

  it.each(['$orderby=id', '$search=x', '$count=true', '$skip=1', '$expand=x', '$top=0', '$select=nme', 'orderby=id'])(
    'refuses %s',
    async (query) => {
      const answer = await ask(server, `${DELTA}?${query}`);
      expect(refusalFaults(answer, { status: 400, inner: 'invalidQueryOption' })).toEqual([]);
    },
  );

  it.each(['$top=5', '$select=id', "$filter=status eq 'Running'", 'top=5'])(
    'refuses %s beside a token',
    async (query) => {
      const { link } = await round(server, `${DELTA}?$top=5&$deltatoken=latest`);
      const answer = await ask(server, `${link}&${query}`);
      expect(refusalFaults(answer, { status: 400, inner: 'invalidQueryOption', says: /Follow the link/ })).toEqual([]);
    },
  );

  it('refuses a token that was edited, of another tenant, of a list, and two', async () => {
    const { link } = await round(server, `${DELTA}?$deltatoken=latest`);
    const wrong = [
      link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      `${DELTA}?$deltatoken=x`,
      `${DELTA}?$skiptoken=latest`,
      `${DELTA}?$deltatoken=`,
      `${link}&$skiptoken=x`,
    ];
    for (const url of wrong) {
      const answer = await ask(server, url);
      expect(refusalFaults(answer, { status: 400, inner: 'invalidQueryOption' }), url).toEqual([]);
    }
    const answer = await ask(server, link, { token: await tokenOf(server, OTHER) });
    expect(refusalFaults(answer, { status: 400, inner: 'invalidQueryOption' })).toEqual([]);
  });

  const DAY = 86_400_000;
  it.each([
    ['32 days old', -32 * DAY, 0],
    ['of tomorrow', DAY, 0],
    ['ahead of the journal, as after a restore', 0, 1_000_000],
  ])('answers 410 for a link that is %s, and says where to begin anew', async (_, off, since) => {
    const key = openInstallKey(`${server.data}/key`);
    const tenantId = String(
      (
        await ask(server, ACTIONS, {
          body: {
            name: 'BlockIp',
            parameters: [{ name: 'IP', value: '203.0.113.77' }],
            vendorInformation: { provider: 'simulator' },
          },
        })
      ).json.azureTenantId,
    );
    const scope = { secret: key.derive('page tokens', 32), tenantId, collection: 'security/securityActions/delta' };
    const options = { select: 'id,name', top: '7' };
    const stale = formatDeltaToken(scope, { options, since, after: null, at: Date.now() + off });
    const answer = await ask(server, `${DELTA}?$deltatoken=${stale}`);
    expect(refusalFaults(answer, { status: 410, inner: 'expiredToken' })).toEqual([]);
    const again = answer.headers.get('location');
    expect(again).toBe(`${server.url}${DELTA}?$select=id%2Cname&$top=7`);
    expect((await round(server, pathOf(again) ?? '')).values.length).toBeGreaterThan(0);
    const young = formatDeltaToken(scope, { options, since: 0, after: null, at: Date.now() - 30 * DAY });
    expect((await ask(server, `${DELTA}?$deltatoken=${young}`)).status).toBe(200);
  });
});
