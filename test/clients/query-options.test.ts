import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, type TestServer, until } from '../server.ts';
import { blockIp, DOCUMENTED, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';
import { sendAs } from './send-as.ts';

let server: TestServer;
/** Ids of what stands in the server, oldest first: four addresses by name, and Microsoft's own request. */
let made: readonly string[];

beforeAll(async () => {
  server = await startAliased();
  const bodies = [
    blockIp(1, { actionReason: "O'Neil & co+1", clientContext: 'b' }),
    blockIp(2, { actionReason: 'phishing campaign', clientContext: 'a' }),
    blockIp(3, { actionReason: '50% of #all', clientContext: 'b' }),
    blockIp(4, { clientContext: 'a' }),
    DOCUMENTED,
  ];
  const ids: string[] = [];
  for (const body of bodies) ids.push(String((await ask(server, '/beta/security/securityActions', { body })).json.id));
  made = ids;
  await until(
    async () => (await ask(server, '/beta/security/securityActions')).json,
    ({ value }) => (value as unknown as Json[]).every(({ status }) => String(status) === 'Completed'),
  );
});
afterAll(() => server.discard());

/** Places in the order of creation, from 0. */
const placesOf = (page: Json): readonly number[] =>
  (page.value as unknown as Json[]).map(({ id }) => made.indexOf(String(id)));

describe.each(['legacy-client', 'kiota-client'])('the query options that %s sends', (name) => {
  let program: SdkProgram;
  const isKiota = name === 'kiota-client';
  /** Kiota takes lists where the older client takes text. */
  const listOf = (text: string): unknown => (isKiota ? text.split(',') : text);

  beforeAll(() => {
    program = startProgram(name, server);
  });
  afterAll(() => program.stop());

  it.each([
    ["status eq 'Completed'", [4, 3, 2, 1, 0]],
    ["status eq microsoft.graph.operationStatus'Completed' and clientContext eq 'a'", [3, 1]],
    ["vendorInformation/provider eq 'Windows Defender ATP'", [4]],
    ["enforcement/target eq 'ip:198.51.100.3'", [2]],
    ["parameters/any(p:p/name eq 'IP' and p/value eq '1.2.3.4')", [4]],
    ["actionReason eq 'phishing campaign' or startswith(actionReason, '50')", [2, 1]],
    ["not (clientContext eq 'a') and createdDateTime gt 2017-01-01T00:00:00Z", [4, 2, 0]],
    ['createdDateTime lt 2017-01-01T00:00:00Z', []],
    ['clientContext eq null', [4]],
    ["clientContext in ('a','c')", [3, 1]],
  ])('$filter=%s', async (filter, places) => {
    expect(placesOf(await program.run('list', { filter }))).toEqual(places);
  });

  it('characters that a URL must escape, as far as the client escapes them', async () => {
    // The older client sends `&`, `+` and `#` as they stand, which cuts the option off there.
    const filter = "actionReason eq 'O''Neil & co+1'";
    if (isKiota) expect(placesOf(await program.run('list', { filter }))).toEqual([0]);
    else expect(await program.fail('list', { filter })).toMatchObject({ statusCode: 400, code: 'badRequest' });
    const escaped = "actionReason eq 'O''Neil %26 co%2B1'";
    if (!isKiota) expect(placesOf(await program.run('list', { filter: escaped }))).toEqual([0]);
  });

  it('$orderby, several keys', async () => {
    const orderby = listOf('clientContext desc,createdDateTime asc');
    expect(placesOf(await program.run('list', { orderby }))).toEqual([0, 2, 1, 3, 4]);
  });

  it('$skip and $top', async () => {
    expect(placesOf(await program.run('list', { skip: 1, top: 2 }))).toEqual([3, 2]);
  });

  it('$select, and the context says so', async () => {
    const page = await program.run('list', { select: listOf('id,status'), top: 1 });
    const context = isKiota ? page.additionalData?.['@odata.context'] : page['@odata.context'];
    expect(context).toBe(`${server.tlsUrl}/beta/$metadata#security/securityActions(id,status)`);
    const [first] = page.value as unknown as Json[];
    expect(first).toMatchObject({ id: made[4], status: 'Completed' });
    expect(first).not.toHaveProperty('name');
    expect(first).not.toHaveProperty('createdDateTime');
  });

  it('$search, without regard to letter case', async () => {
    expect(
      placesOf(await program.run('list', { search: isKiota ? '"PHISHING campaign"' : '"phishing Campaign"' })),
    ).toEqual([1]);
  });

  it('all of them together, page after page', async () => {
    const query = { filter: "name eq 'BlockIp'", orderby: listOf('clientContext asc,createdDateTime desc'), top: 2 };
    const ids = (await program.run('pages', { ...query, select: listOf('id,clientContext') })) as unknown as string[];
    expect(ids.map((id) => made.indexOf(id))).toEqual([4, 3, 1, 2, 0]);
    const counted = await program.run('list', { ...query, count: true });
    expect(isKiota ? counted.odataCount : counted['@odata.count']).toBe(5);
  });

  it('$count of what a filter leaves', async () => {
    expect(Number(await program.run('count', "clientContext eq 'a'"))).toBe(2);
  });

  it('errors in a filter are 400, with the place', async () => {
    const thrown = await program.fail('list', { filter: 'status eqq 1' });
    expect(thrown.statusCode ?? thrown.responseStatusCode).toBe(400);
    const inner = isKiota
      ? thrown.errorEscaped?.innerError?.additionalData?.code
      : JSON.parse(String(thrown.body)).innerError.code;
    expect(inner).toBe('invalidFilter');
  });
});

describe('the query options that Go, .NET and Python write', () => {
  const ACTIONS = 'GET /beta/security/securityActions';

  it.each([
    ['go', '%24filter=clientContext%20eq%20%27a%27&%24orderby=createdDateTime', [1, 3]],
    ['dotnet', '%24filter=clientContext%20eq%20%27a%27&%24top=1', [3]],
    ['python', '%24filter=clientContext%20eq%20%27a%27&%24skip=1', [1]],
    ['powershell', "$filter=clientContext eq 'a'".replaceAll(' ', '%20'), [3, 1]],
    ['powershell', 'filter=clientContext%20eq%20%27a%27', [3, 1]],
    [
      'dotnet',
      "%24filter=status%20eq%20'Completed'%20and%20vendorInformation%2Fprovider%20eq%20%27defender%27&%24top=2",
      [3, 2],
    ],
  ] as const)('%s: %s', async (client, query, places) => {
    const answer = await sendAs(client, server, `${ACTIONS}?${query}`, undefined, ['ConsistencyLevel: eventual']);
    expect(answer.status).toBe(200);
    expect(placesOf(answer.json)).toEqual(places);
  });
});
