import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestServer } from '../server.ts';
import { type BusyGateway, type Seen, startGateway } from './busy-gateway.ts';
import { startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

const ACTIONS = '/beta/security/securityActions';
const SDK_VERSION = 'graph-typescript-beta/1.0.0-preview.81, graph-typescript-core/1.0.0-preview.17';

interface Captured {
  readonly scenario: string;
  readonly input: unknown;
  readonly line: string;
  /** `undefined`: there is none. */
  readonly accept: string | undefined;
  readonly body?: object;
}

/** What the SDK's own builders sent when they were run against a server that only listened. */
const CAPTURED: readonly Captured[] = [
  {
    scenario: 'create',
    input: {
      odataType: '#microsoft.graph.securityAction',
      actionReason: 'Test',
      completedDateTime: '2017-01-01T00:00:00.123Z',
      errorInfo: { code: 4, message: 'm', subcode: 7 },
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '1.2.3.4' }],
      status: 'Running',
      vendorInformation: { provider: 'Windows Defender ATP', vendor: 'Microsoft' },
    },
    line: `POST ${ACTIONS}`,
    accept: 'application/json',
    body: {
      '@odata.type': '#microsoft.graph.securityAction',
      actionReason: 'Test',
      completedDateTime: '2017-01-01T00:00:00.123Z',
      errorInfo: { code: 4, message: 'm', subcode: 7 },
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '1.2.3.4' }],
      status: 'Running',
      vendorInformation: { provider: 'Windows Defender ATP', vendor: 'Microsoft' },
    },
  },
  {
    scenario: 'create',
    input: { name: 'x', vendorInformation: { provider: 'p', vendor: 'v' } },
    line: `POST ${ACTIONS}`,
    accept: 'application/json',
    body: { name: 'x', vendorInformation: { provider: 'p', vendor: 'v' } },
  },
  {
    scenario: 'list',
    input: {
      count: true,
      expand: ['states'],
      filter: "name eq 'O''Neil & co+1' and createdDateTime ge 2017-01-01T00:00:00Z",
      orderby: ['createdDateTime desc', 'name'],
      search: '"block"',
      select: ['id', 'name', 'status'],
      skip: 1,
      top: 5,
    },
    line: `GET ${ACTIONS}?$count=true&$expand=states&$filter=name%20eq%20%27O%27%27Neil%20%26%20co%2B1%27%20and%20createdDateTime%20ge%202017-01-01T00%3A00%3A00Z&$orderby=createdDateTime%20desc,name&$search=%22block%22&$select=id,name,status&$skip=1&$top=5`,
    accept: 'application/json',
  },
  {
    scenario: 'select',
    input: { id: '88effc58-fc58-88ef-58fc-ef8858fcef88', select: ['id', 'status'] },
    line: `GET ${ACTIONS}/88effc58-fc58-88ef-58fc-ef8858fcef88?$select=id,status`,
    accept: 'application/json',
  },
  { scenario: 'get', input: "a b/c'd%", line: `GET ${ACTIONS}/a%20b%2Fc'd%25`, accept: 'application/json' },
  {
    scenario: 'cancel',
    input: '88effc58',
    line: `POST ${ACTIONS}/88effc58/cancelSecurityAction`,
    accept: 'application/json',
  },
  {
    scenario: 'update',
    input: { id: '88effc58', body: { errorInfo: null, states: [], status: 'Completed' } },
    line: `PATCH ${ACTIONS}/88effc58`,
    accept: 'application/json',
    body: { errorInfo: null, states: [], status: 'Completed' },
  },
  { scenario: 'remove', input: '88effc58', line: `DELETE ${ACTIONS}/88effc58`, accept: 'application/json' },
  {
    scenario: 'count',
    input: "status eq 'Running'",
    line: `GET ${ACTIONS}/$count?$filter=status%20eq%20%27Running%27`,
    accept: 'text/plain;q=0.9',
  },
];

describe('the thin builder of the tests', () => {
  let server: TestServer;
  let gateway: BusyGateway;
  let program: SdkProgram;

  beforeAll(async () => {
    server = await startAliased();
    gateway = await startGateway(server);
    program = startProgram('kiota-client', server, { baseUrl: gateway.url });
  });
  afterAll(async () => {
    await program.stop();
    await gateway.stop();
    await server.discard();
  });

  it.each(CAPTURED)("sends what the SDK's own sends: $line", async ({ scenario, input, line, accept, body }) => {
    // What the server makes of it is another test's.
    await program.run(scenario, input).catch(() => undefined);
    const { method, target, headers, body: sent } = gateway.seen.at(-1) as Seen;
    expect(`${method} ${target}`).toBe(line);
    expect(sent).toBe(body === undefined ? '' : JSON.stringify(body));
    const { authorization, host, 'content-length': length, ...others } = headers;
    expect(authorization).toBe(`Bearer ${server.token()}`);
    expect(host).toBe(new URL(gateway.url).host);
    expect(length).toBe(method === 'GET' || method === 'DELETE' ? undefined : String(Buffer.byteLength(sent)));
    expect(others).toEqual({
      accept,
      'accept-encoding': 'br, gzip, deflate',
      'accept-language': '*',
      connection: 'keep-alive',
      sdkversion: SDK_VERSION,
      'sec-fetch-mode': 'cors',
      'user-agent': 'kiota-typescript/1.0.0-preview.24',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    });
  });
});
