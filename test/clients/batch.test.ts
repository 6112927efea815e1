import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, type TestServer, until } from '../server.ts';
import { type BusyGateway, startGateway } from './busy-gateway.ts';
import type { ClientName } from './recorded-headers.ts';
import { blockIp, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';
import { sendAs } from './send-as.ts';

const ACTIONS = '/security/securityActions';

let server: TestServer;
let gateway: BusyGateway;

beforeAll(async () => {
  server = await startAliased();
  gateway = await startGateway(server);
});
afterAll(async () => {
  await gateway.stop();
  await server.discard();
});

/** Targets that are there, by the last number of their address. */
async function targets(): Promise<readonly string[]> {
  const { json } = await ask(server, `/beta${ACTIONS}?$top=1000`);
  return (json.value as unknown as Json[]).map(({ enforcement }) => String(enforcement?.target));
}

/** What was sent last, as the gateway saw it. */
const sentBatch = (): Json => JSON.parse(gateway.seen.at(-1)?.body ?? '{}') as Json;

describe('$batch by @microsoft/microsoft-graph-client', () => {
  let program: SdkProgram;
  beforeAll(() => {
    program = startProgram('legacy-client', server, { baseUrl: gateway.url });
  });
  afterAll(() => program.stop());

  it('with URLs that carry the version, JSON bodies and dependsOn', async () => {
    const told = await program.run('batch', [
      { id: '1', method: 'POST', path: ACTIONS, body: blockIp(1) },
      { id: '2', method: 'GET', path: `${ACTIONS}?$top=1`, dependsOn: ['1'] },
    ]);
    expect(sentBatch().requests?.[0]?.url).toBe(`/beta${ACTIONS}`);
    expect(told['1']).toMatchObject({ status: 201, body: { name: 'BlockIp', status: 'NotStarted' } });
    expect(told['2']).toMatchObject({ status: 200, body: { value: [{ id: told['1']?.body?.id }] } });
  });

  it('where one fails, the others do not, but for those that wait for it', async () => {
    const told = await program.run('batch', [
      { id: 'lost', method: 'GET', path: `${ACTIONS}/none` },
      { id: 'held', method: 'POST', path: ACTIONS, body: blockIp(2), dependsOn: ['lost'] },
    ]);
    expect(told.lost).toMatchObject({ status: 404, body: { error: { code: 'notFound' } } });
    expect(told.held).toMatchObject({ status: 424, body: { error: { code: 'failedDependency' } } });
    expect(await targets()).not.toContain('ip:198.51.100.2');
  });

  it('twenty at once', async () => {
    const steps = Array.from({ length: 20 }, (_, at) => ({
      id: String(at),
      method: 'POST',
      path: ACTIONS,
      body: blockIp(100 + at),
    }));
    const told = await program.run('batch', steps);
    expect(Object.values(told).map((one) => one?.status)).toEqual(Array.from({ length: 20 }, () => 201));
  });
});

describe('$batch by the Kiota SDK', () => {
  let program: SdkProgram;
  beforeAll(() => {
    program = startProgram('kiota-client', server, { baseUrl: gateway.url });
  });
  afterAll(() => program.stop());

  it('with URLs without a version, and bodies in base64 without a Content-Type', async () => {
    const told = await program.run('batch', [
      { kind: 'create', id: 'made', body: blockIp(3) },
      { kind: 'list', id: 'listed', query: { top: 5, filter: "name eq 'BlockIp'" } },
      { kind: 'get', id: 'none', of: 'none' },
    ]);
    const [made] = sentBatch().requests as unknown as Json[];
    expect(made).toEqual({
      id: 'made',
      method: 'POST',
      url: ACTIONS,
      body: expect.stringMatching(/^[A-Za-z\d+/]+=*$/),
    });
    expect(told).toEqual({ made: 201, listed: 200, none: 404 });
    expect(await targets()).toContain('ip:198.51.100.3');
  });

  it('a cancel, which has no body', async () => {
    const { json } = await ask(server, `/beta${ACTIONS}`, { body: blockIp(4) });
    const told = await program.run('batch', [{ kind: 'cancel', id: 'c', of: json.id }]);
    expect(told).toEqual({ c: 200 });
    await until(
      async () => (await ask(server, `/beta${ACTIONS}/${json.id}`)).json,
      ({ enforcement }) => ['released', 'none'].includes(String(enforcement?.state)),
    );
  });
});

describe('$batch in the forms of the other SDKs', () => {
  const requestOf = (id: string, url: string, more: object): object => ({ id, url, ...more });
  const json = { 'Content-Type': 'application/json' };

  /** As their sources build an item; the list of Go's and Python's names the version or not, or the whole URL. */
  const items: Readonly<Record<ClientName, (base: string) => readonly object[]>> = {
    dotnet: () => [
      requestOf('7c2e4b1a-0001', ACTIONS, {
        method: 'POST',
        headers: { Accept: 'application/json', ...json },
        body: blockIp(11),
      }),
      // Unescaped, with blanks, quotes and slashes.
      requestOf(
        '7c2e4b1a-0002',
        `${ACTIONS}?$filter=status eq 'Completed' and vendorInformation/provider eq 'defender'&$top=5`,
        {
          method: 'GET',
          headers: { Accept: 'application/json' },
        },
      ),
    ],
    go: () => [
      requestOf('1', ACTIONS, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: blockIp(12),
        dependsOn: [],
      }),
      requestOf('2', `${ACTIONS}?%24top=5`, {
        method: 'GET',
        headers: { accept: 'application/json' },
        body: null,
        dependsOn: [],
      }),
    ],
    python: (base) => [
      requestOf('1', `${base}${ACTIONS}`, {
        method: 'POST',
        depends_on: [],
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: blockIp(13),
      }),
      requestOf('2', `${base}${ACTIONS}?%24top=5`, {
        method: 'GET',
        depends_on: [],
        headers: { accept: 'application/json' },
      }),
    ],
    powershell: () => [
      requestOf('1', ACTIONS.slice(1), { method: 'POST', headers: json, body: blockIp(14) }),
      requestOf('2', `v1.0${ACTIONS}?$top=5`, { method: 'get' }),
    ],
  };

  it('the spelling that Python has for dependsOn holds up too', async () => {
    const lost = { id: 'lost', method: 'GET', url: `${ACTIONS}/none` };
    const held = { id: 'held', method: 'GET', url: ACTIONS, depends_on: ['lost'] };
    const answer = await sendAs('python', server, 'POST /beta/$batch', { requests: [lost, held] });
    expect((answer.json.responses as unknown as Json[]).map(({ status }) => status)).toEqual([404, 424]);
  });

  it.each(['go', 'dotnet', 'python', 'powershell'] as const)('%s', async (client) => {
    const requests = items[client](`${server.tlsUrl}/beta`);
    const answer = await sendAs(client, server, 'POST /beta/$batch', { requests });
    expect(answer.status).toBe(200);
    const responses = answer.json.responses as unknown as Json[];
    expect(responses.map(({ status, body }) => [status, body?.error?.message]).toSorted()).toEqual([
      [200, undefined],
      [201, undefined],
    ]);
    for (const { headers } of responses) {
      expect(Object.values(headers ?? {}).every((value) => typeof value === 'string')).toBe(true);
      expect(headers?.['Content-Type']).toMatch(/^application\/json/);
    }
  });
});
