import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalFaults } from '../refusal.ts';
import { ask, type Json, type TestServer, until } from '../server.ts';
import { CLIENTS, type ClientName, RECORDED } from './recorded-headers.ts';
import { blockIp, DOCUMENTED, startAliased } from './requests.ts';
import { sendAs } from './send-as.ts';

const ACTIONS = '/beta/security/securityActions';

/** How each of them spells the cancel: generations of SDKs differ. */
const CANCEL: Readonly<Record<ClientName, string>> = {
  go: 'microsoft.graph.cancelSecurityAction',
  dotnet: 'cancelSecurityAction',
  python: 'microsoft.graph.cancelSecurityAction',
  powershell: 'CancelSecurityAction',
};

/** The same enumeration and names in the letter case that each of them would take back. */
const SERVICE_PRODUCED: Readonly<Record<ClientName, object>> = {
  go: { '@odata.type': '#microsoft.graph.securityAction', status: 'NotStarted' },
  dotnet: { '@odata.type': '#microsoft.graph.securityAction', status: 'notStarted', id: null },
  python: { '@odata.type': '#microsoft.graph.SecurityAction', status: 'RUNNING' },
  powershell: { status: 'running', states: [] },
};

describe.each(CLIENTS)('the requests of the SDK for %s, over TLS', (client) => {
  let server: TestServer;
  const sentId = /client-request-id: (\S+)/i.exec(RECORDED[client].headers.join('\n'))?.[1] ?? '';

  beforeAll(async () => {
    server = await startAliased();
  });
  afterAll(() => server.discard());

  const reaches = (id: unknown, state: string): Promise<Json> =>
    until(
      async () => (await ask(server, `${ACTIONS}/${id}`)).json,
      ({ enforcement }) => String(enforcement?.state) === state,
    );

  it("create Microsoft's documented action", async () => {
    const answer = await sendAs(client, server, `POST ${ACTIONS}`, DOCUMENTED);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ ...DOCUMENTED, status: 'NotStarted' });
    expect(answer.headers.get('client-request-id')).toBe(sentId);
    expect(answer.headers.get('location')).toBe(`${server.tlsUrl}${ACTIONS}/${answer.json.id}`);
  });

  it('send an enumeration in a letter case of their own, which a request does not set', async () => {
    const answer = await sendAs(client, server, `POST ${ACTIONS}`, { ...SERVICE_PRODUCED[client], ...blockIp(7) });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ status: 'NotStarted' });
  });

  it('read values that their strictest parser takes', async () => {
    const { json } = await sendAs(client, server, `POST ${ACTIONS}`, blockIp(8));
    const done = await reaches(json.id, 'inForce');
    const { json: read } = await sendAs(client, server, `GET ${ACTIONS}/${json.id}`);
    expect(['NotStarted', 'Running', 'Completed', 'Failed']).toContain(read.status);
    for (const name of ['createdDateTime', 'lastActionDateTime', 'completedDateTime']) {
      expect(String(read[name])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    }
    expect(read.id).toBe(done.id);
  });

  it('list, follow the next link as it stands, and count', async () => {
    await sendAs(client, server, `POST ${ACTIONS}`, blockIp(9));
    const first = await sendAs(client, server, `GET ${ACTIONS}?$top=1&$count=true`);
    expect(first.json.value).toHaveLength(1);
    const escaped = await sendAs(client, server, `GET ${ACTIONS}?%24top=1&%24count=true`);
    expect(escaped.json['@odata.count']).toBe(first.json['@odata.count']);
    const next = new URL(String(first.json['@odata.nextLink']));
    expect(next.host).toBe(new URL(server.tlsUrl).host);
    const second = await sendAs(client, server, `GET ${next.pathname}${next.search}`);
    expect(second.json.value).toHaveLength(1);
    expect(second.json.value?.[0]?.id).not.toBe(first.json.value?.[0]?.id);
    const counted = await sendAs(client, server, `GET ${ACTIONS}/$count`, undefined, ['Accept: text/plain;q=0.9']);
    expect([counted.status, counted.headers.get('content-type')]).toEqual([200, 'text/plain']);
  });

  it('cancel with no body at all, and delete', async () => {
    const { json } = await sendAs(client, server, `POST ${ACTIONS}`, blockIp(10));
    await reaches(json.id, 'inForce');
    const cancelled = await sendAs(client, server, `POST ${ACTIONS}/${json.id}/${CANCEL[client]}`);
    expect([cancelled.status, cancelled.headers.get('content-length')]).toEqual([200, '0']);
    await reaches(json.id, 'released');
    expect((await sendAs(client, server, `DELETE ${ACTIONS}/${json.id}`)).status).toBe(204);
  });

  it('get their errors in the form that they read', async () => {
    const answer = await sendAs(client, server, `POST ${ACTIONS}`, {
      ...DOCUMENTED,
      vendorInformation: { provider: 'x' },
    });
    const refused = { status: 400, inner: 'unknownProvider', clientRequestId: sentId };
    expect(refusalFaults(answer, refused)).toEqual([]);
    const missing = await sendAs(client, server, `GET ${ACTIONS}/none`);
    expect(refusalFaults(missing, { status: 404, inner: 'unknownResource', clientRequestId: sentId })).toEqual([]);
  });

  it.each([
    '*/*',
    'application/*',
    'application/json;odata.metadata=minimal',
    'application/json; odata.metadata=minimal; IEEE754Compatible=false',
    'text/html, application/xhtml+xml, */*;q=0.1',
    'application/json, text/plain;q=0.9',
  ])('are answered in JSON with Accept: %s', async (accept) => {
    const answer = await sendAs(client, server, `GET ${ACTIONS}?$top=1`, undefined, [`Accept: ${accept}`]);
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'application/json']);
  });

  it('come again with Retry-Attempt and the same body', async () => {
    const answer = await sendAs(client, server, `POST ${ACTIONS}`, blockIp(11), ['Retry-Attempt: 1']);
    expect(answer.status).toBe(201);
  });
});
