import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RawAnswer, sendRaw } from '../raw-http.ts';
import { ask, startServer, type TestServer } from '../server.ts';

/** The document's example, as it prints it. */
const PRINTED = `{
  "@odata.type": "#microsoft.graph.securityAction",
  "actionReason": "Action Reason value",
  "appId": "App Id value",
  "azureTenantId": "Azure Tenant Id value",
  "clientContext": "Client Context value",
  "completedDateTime": "2017-01-01T00:01:22.3370207+03:00",
  "errorInfo": {
    "@odata.type": "microsoft.graph.ResultInfo",
    "code": 4,
    "subcode": 7,
    "message": "Message value"
  },
  "lastActionDateTime": "2016-12-31T23:56:52.9868016+03:00",
  "name": "Name value",
  "parameters": [
    {
      "@odata.type": "microsoft.graph.keyValuePair",
      "value": "Value value"
    }
  ],
  "states": [
    {
      "@odata.type": "microsoft.graph.securityActionState",
      "status": "String",
      "updatedDateTime": "2016-12-31T23:56:50.0206912+03:00",
      "user": "User value"
    }
  ],
  "status": "String",
  "user": "User value",
  "vendorInformation": {
    "@odata.type": "microsoft.graph.securityVendorInformation",
    "provider": "Provider value",
    "providerVersion": "Provider Version value",
    "subProvider": "Sub Provider value",
    "vendor": "Vendor value"
  }
}`;

/** Members of the documented answer, in the documented order. */
const DOCUMENTED = [
  '@odata.type',
  'id',
  'actionReason',
  'appId',
  'azureTenantId',
  'clientContext',
  'completedDateTime',
  'createdDateTime',
  'errorInfo',
  'lastActionDateTime',
  'name',
  'parameters',
  'states',
  'status',
  'user',
  'vendorInformation',
];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What was sent, with what the server adds in its place. */
function expected(context: string, id: string, createdDateTime: string): string {
  const sent = JSON.parse(PRINTED) as Record<string, unknown>;
  const all: Record<string, unknown> = { ...sent, id, createdDateTime };
  return JSON.stringify({
    '@odata.context': context,
    ...Object.fromEntries(DOCUMENTED.map((name) => [name, all[name]])),
  });
}

describe("the document's example, exactly as printed", () => {
  let server: TestServer;
  const made: string[] = [];

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.discard());

  const post = (line: string, body = PRINTED, host?: string): Promise<RawAnswer> =>
    sendRaw(
      server.url,
      `${line} HTTP/1.1\r\nHost: ${host ?? new URL(server.url).host}\r\nAuthorization: Bearer ${server.token()}\r\n` +
        `Content-type: application/json\r\nContent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );

  it.each([
    ['POST /localtest/Security/securityActions', '/localtest'],
    ['POST /Security/securityActions/$ref', ''],
    ['POST /localtest/Security/securityActions/$ref', '/localtest'],
    ['POST /Security/securityActions', ''],
    ['POST https://graph.microsoft.com/localtest/Security/securityActions', '/localtest'],
    ['POST https://graph.microsoft.com/Security/securityActions/$ref', ''],
    ['POST /LocalTest/SECURITY/securityactions/%24ref', '/localtest'],
  ])('%s', async (line, root) => {
    const answer = await post(line);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('interdict-recorded')).toBe('true');
    const { id, createdDateTime } = JSON.parse(answer.body) as { id: string; createdDateTime: string };
    expect(id).toMatch(UUID);
    expect(createdDateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    const context = `${server.url}${root}/$metadata#security/securityActions/$entity`;
    expect(answer.body).toBe(expected(context, id, createdDateTime));
    expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(answer.body));
    expect(answer.headers.get('location')).toBe(`${server.url}${root}/security/securityActions/${id}`);
    made.push(id);
  });

  it('keeps the documented order whatever order was sent', async () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(PRINTED) as object).reverse()));
    const answer = await post('POST /localtest/Security/securityActions', reversed);
    const names = Object.keys(JSON.parse(answer.body) as object);
    expect(names).toEqual(['@odata.context', ...DOCUMENTED]);
    made.push((JSON.parse(answer.body) as { id: string }).id);
  });

  it('gives the documented answer back byte for byte when that is what is sent', async () => {
    const createdDateTime = '2017-01-01T00:02:37.446308+03:00';
    const sent = JSON.stringify({ ...(JSON.parse(PRINTED) as object), id: 'ignored', createdDateTime });
    const answer = await post('POST /localtest/Security/securityActions', sent);
    const { id } = JSON.parse(answer.body) as { id: string };
    const context = `${server.url}/localtest/$metadata#security/securityActions/$entity`;
    expect(answer.body).toBe(expected(context, id, createdDateTime));
    expect(id).toMatch(UUID);
  });

  it('lists them, gives them again after a restart, and never dispatches them', async () => {
    const listed = await ask(server, '/localtest/Security/securityActions?$top=1000');
    const ids = (listed.json.value as unknown as { id: string }[]).map(({ id }) => id);
    for (const id of made) expect(ids).toContain(id);
    const before = await ask(server, `/localtest/security/securityActions/${made[0]}`);
    await server.kill();
    server = await server.again();
    const after = await ask(server, `/localtest/security/securityActions('${made[0]}')`);
    const withoutContext = (text: string): string => text.slice(text.indexOf('"@odata.type"'));
    expect(withoutContext(after.text)).toBe(withoutContext(before.text));
    expect((await ask(server, '/beta/security/enforcements')).json.value).toEqual([]);
  });

  it('reads on /beta as Graph would say it', async () => {
    const { json } = await ask(server, `/beta/security/securityActions/${made[0]}`);
    expect(json).toMatchObject({
      appId: 'App Id value',
      completedDateTime: '2016-12-31T21:01:22.3370207Z',
      status: null,
      parameters: [{ name: null, value: 'Value value' }],
      states: [{ appId: null, status: null, updatedDateTime: '2016-12-31T20:56:50.0206912Z', user: 'User value' }],
      enforcement: { state: 'none', recordedBy: { appId: '10ca1000-0000-4000-8000-000000000002', user: null } },
    });
    expect(json).not.toHaveProperty('@odata.type');
    expect(json).not.toHaveProperty('errorInfo');
  });

  it('is neither cancelled nor changed, and can always be deleted', async () => {
    const url = `/localtest/security/securityActions/${made[0]}`;
    const refused = await ask(server, `${url}/cancelSecurityAction`, { method: 'POST' });
    expect(refused.status).toBe(409);
    expect(refused.json.error).toMatchObject({ code: 'conflict', innerError: { code: 'notCancellable' } });
    expect((await ask(server, url, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(server, url)).status).toBe(404);
  });

  it('records what tells of an end, and dispatches what does not', async () => {
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '203.0.113.77' }],
      vendorInformation: { provider: 'simulator' },
    };
    for (const told of [
      { status: 'Completed' },
      { errorInfo: { code: 1, subcode: 0, message: '' } },
      { lastActionDateTime: '2020-01-01T00:00:00Z' },
    ]) {
      const answer = await ask(server, '/Security/securityActions', { body: { ...body, ...told } });
      expect(answer.status).toBe(201);
      expect(answer.headers.get('interdict-recorded')).toBe('true');
    }
    const asked = { ...body, status: 'notstarted', states: [], errorInfo: null, completedDateTime: null };
    const dispatched = await ask(server, '/Security/securityActions', { body: asked });
    expect(dispatched.headers.get('interdict-recorded')).toBeNull();
    expect(dispatched.json.enforcement?.state).toBe('pending');
  });

  it.each([
    ['a completedDateTime that is no date', { completedDateTime: '2017-13-01T00:00:00Z' }, 'completedDateTime'],
    ['a state whose time is no date', { states: [{ updatedDateTime: 'yesterday' }] }, 'states/0/updatedDateTime'],
    ['a status of 65 characters', { status: 'x'.repeat(65) }, 'status'],
    ['an errorInfo whose code is text', { errorInfo: { code: '4' } }, 'errorInfo/code'],
    [
      'a member that the type has not',
      { status: 'x', vendorInformation: { product: 'x' } },
      'vendorInformation/product',
    ],
  ])('refuses a record with %s', async (_, body, target) => {
    const answer = await ask(server, '/localtest/Security/securityActions', { body });
    expect(answer.status).toBe(400);
    expect(answer.json.error?.target).toBe(target);
  });

  describe('$ref with a reference', () => {
    const reference = (url: string, rest: object = {}): Promise<{ status: number }> =>
      ask(server, '/Security/securityActions/$ref', { body: { '@odata.id': url, ...rest } });

    it('changes nothing for an action that is here, however it is written', async () => {
      const id = made[1];
      for (const url of [
        `${server.url}/beta/security/securityActions/${id}`,
        `${server.url}/localtest/Security/securityActions('${id}')`,
        `/v1.0/security/securityActions/${id}`,
        `security/securityActions/${id}`,
      ]) {
        expect((await reference(url)).status, url).toBe(204);
      }
    });

    it.each([
      ['an unknown id', '/security/securityActions/88effc58-fc58-88ef-58fc-ef8858fcef88', 404],
      ['another host', 'https://graph.microsoft.com/beta/security/securityActions/1', 400],
      ['no action', '/security/alerts/1', 400],
      ['nothing', '', 400],
    ])('refuses %s', async (_, url, status) => {
      expect((await reference(url)).status).toBe(status);
    });

    it('stands alone', async () => {
      expect((await reference(`/security/securityActions/${made[1]}`, { name: 'x' })).status).toBe(400);
      expect((await ask(server, '/Security/securityActions/$ref', { body: {} })).status).toBe(400);
    });

    it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('answers %s with 405 and what is allowed', async (method) => {
      const answer = await ask(server, '/Security/securityActions/$ref', { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    });
  });
});
