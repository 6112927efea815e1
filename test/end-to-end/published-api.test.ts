import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotificationReceiver } from '../notification-receiver.ts';
import {
  type PublishedAnswer,
  type PublishedApi,
  type PublishedOperation,
  readPublishedApi,
} from '../published-api.ts';
import { type Asked, aDataFolder, ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const AGENT = '33333333-3333-4333-8333-333333333333';
const CONFIG = `notifications: { allow: [localhost], ca: ca.pem }
providers:
  - { name: blocklist, connector: blocklist }
  - { name: simulator, connector: simulator }
  - { name: branch-office, connector: agent, runs: [nftables], reporters: [${AGENT}] }
`;
const receiver = new NotificationReceiver();
let server: TestServer;
let api: PublishedApi;

beforeAll(async () => {
  await receiver.start();
  const data = aDataFolder();
  writeFileSync(path.join(data, 'ca.pem'), receiver.certificate.cert);
  server = await startServer({ data, config: CONFIG });
  api = await readPublishedApi(server);
});
afterAll(async () => {
  await server?.discard();
  await receiver.stop();
});

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

/** Whatever stands for this server, for a receiver or for a moment to come in an example. */
const fitted = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body)
      .replaceAll('http://localhost:8080', server.url)
      .replaceAll('https://hooks.example/interdict', receiver.url)
      .replace(/("expirationDateTime":)"[^"]*"/g, `$1"${inAnHour()}"`),
  );

function operationOf(operationId: string): PublishedOperation {
  const found = api.operations.get(operationId);
  if (!found) throw new Error(`${operationId} is not described.`);
  return found;
}

const requestsOf = (operationId: string): Readonly<Record<string, { readonly value?: unknown }>> =>
  operationOf(operationId).requestBody?.content['application/json']?.examples ?? {};

const LINKS = /^@odata\.(?:nextLink|count)$/;

/** Names of the members of an answer, and of the first of its list: an example has the same. */
function namesOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  const { value: list, ...rest } = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(rest).filter((name) => !LINKS.test(name));
  return Array.isArray(list) ? [names, Object.keys((list[0] as object | undefined) ?? {})] : names;
}

const BESIDE = ['request-id', 'client-request-id', 'Location', 'ETag'];

async function checkAnswer(operationId: string, { headers, content }: PublishedAnswer, answer: Reply): Promise<void> {
  for (const name of BESIDE.filter((header) => header in headers)) {
    expect(answer.headers.get(name), `${operationId} ${name}`).not.toBeNull();
  }
  const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
  expect(content ? Object.keys(content) : [''], operationId).toContain(type);
  const media = content?.[type];
  if (!media) return;
  const value = type === 'application/json' ? answer.json : answer.text;
  expect(api.faultsOf(media.schema, value), operationId).toEqual([]);
  for (const example of Object.values(media.examples)) {
    if ('value' in example) expect(namesOf(example.value), operationId).toEqual(namesOf(value));
    else expect((await ask(server, example.externalValue ?? '', { token: null })).status).toBe(200);
  }
}

const ran = new Set<string>();
type Params = Readonly<Record<string, string>>;

/** Sends what is published, with ids that are there; fails where the answer is another than published. */
async function run(operationId: string, params: Params = {}, asked: Asked & { status?: number } = {}): Promise<Reply> {
  ran.add(operationId);
  const { method, path: template, responses } = operationOf(operationId);
  const target = template.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const answer = await ask(server, `${target}${params.query ?? ''}`, { method, ...asked });
  const [first = ''] = Object.keys(responses).filter((status) => Number(status) < 400);
  expect([answer.status, answer.text], operationId).toEqual([asked.status ?? Number(first), answer.text]);
  await checkAnswer(operationId, responses[answer.status] ?? { headers: {} }, answer);
  return answer;
}

describe('what /openapi.json says, done as it says', () => {
  let id = '';

  it('actions', async () => {
    for (const { value } of Object.values(requestsOf('postSecurityAction'))) {
      const answer = await ask(server, ACTIONS, { body: fitted(value) });
      expect([answer.status, answer.text]).toEqual([201, answer.text]);
    }
    const { block } = requestsOf('postSecurityAction');
    ({ id = '' } = (await run('postSecurityAction', {}, { body: block?.value })).json as { id?: string });
    await until(
      async () => (await ask(server, `${ACTIONS}/${id}`)).json.status,
      (status) => String(status) === 'Completed',
    );
    await run('getSecurityAction', { id });
    const { ETag = '' } = { ETag: (await ask(server, `${ACTIONS}/${id}`)).headers.get('etag') ?? '' };
    await run('getSecurityAction', { id }, { headers: { 'If-None-Match': ETag }, status: 304 });
    await run('listSecurityActions', { query: `?$count=true&$filter=id eq '${id}'` });
    await run('countSecurityActions');
    await run('getSecurityActionDelta');
    await run('updateSecurityAction', { id }, { body: requestsOf('updateSecurityAction').reason?.value });
    await run('listEnforcementsInForce');
    const reference = requestsOf('postReference');
    await run('postReference', {}, { body: reference.block?.value });
    const known = JSON.stringify(fitted(reference.reference?.value)).replace(/[\da-f-]{36}/, id);
    await run('postReference', {}, { body: known, status: 204 });
    await run('postSecurityAction', {}, { body: block?.value, status: 204, headers: { Prefer: 'return=minimal' } });
  });

  it('the catalogue, lists and the server itself', async () => {
    await run('listSecurityActionProviders');
    await run('getSecurityActionProvider', { id: 'blocklist' });
    const { block } = requestsOf('postSecurityAction');
    await ask(server, ACTIONS, { body: { ...(block?.value as object), vendorInformation: { provider: 'blocklist' } } });
    for (const file of ['ip.txt', 'ip.json']) await run('getFeed', { provider: 'blocklist', file });
    const headers = { 'X-Api-Key': server.feedKey() };
    for (const name of ['getBouncerDecisions', 'getDecisionStream']) await run(name, {}, { headers });
    await run('postUsageMetrics', {}, { headers, body: {} });
    for (const name of ['getServiceDocument', 'getOpenApi', 'getHealth', 'getReadiness', 'getDocsPage'])
      await run(name);
    for (const Accept of ['application/xml', 'application/json']) await run('getMetadata', {}, { headers: { Accept } });
    for (const asset of ['swagger-ui.css', 'initializer.js', 'favicon-32x32.png']) await run('getDocsAsset', { asset });
    await run('postBatch', {}, { body: requestsOf('postBatch').blockAndCount?.value });
  });

  it('the stream', async () => {
    ran.add('streamSecurityActions');
    const stop = new AbortController();
    const headers = { Authorization: `Bearer ${server.token()}`, 'Last-Event-ID': '1' };
    const stream = await fetch(`${server.url}${ACTIONS}/stream`, { headers, signal: stop.signal });
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    let text = '';
    const reader = stream.body?.getReader();
    while (!/\ndata: .*\n\n/.test(text)) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    stop.abort();
    const media = operationOf('streamSecurityActions').responses['200']?.content?.['text/event-stream'];
    const fields = (events: unknown): unknown => {
      const [start, , event] = String(events).split(/(\n\n)/);
      return [start, event].map((part) => part?.split('\n').map((line) => line.replace(/:.*/, '')));
    };
    expect(fields(text)).toEqual(fields(media?.examples.example?.value));
  });

  it('subscriptions', async () => {
    const body = fitted(requestsOf('postSubscription').failures?.value) as object;
    const first = await run('postSubscription', {}, { body });
    const all = await run('postSubscription', {}, { body: { ...body, resource: 'security/securityActions' } });
    await run('listSubscriptions');
    const renewed = String(first.json.id);
    await run('getSubscription', { id: renewed });
    await run('patchSubscription', { id: renewed }, { body: fitted(requestsOf('patchSubscription').renewal?.value) });
    await run('reauthorizeSubscription', { id: renewed });
    await ask(server, ACTIONS, { body: requestsOf('postSecurityAction').block?.value });
    const of = String(all.json.id);
    const delivered = await until(
      async () => (await ask(server, `/beta/subscriptions/${of}/deliveries`)).json.value as unknown as Json[],
      (list) => String(list.at(-1)?.state) === 'delivered',
    );
    await run('listSubscriptionDeliveries', { id: of });
    await run('resendSubscriptionDelivery', { id: of, deliveryId: String(delivered.at(-1)?.id) });
    await run('deleteSubscription', { id: renewed });
  });

  it('the stop switch', async () => {
    const token = await tokenFor(server, {
      permissions: ['SecurityActions.Approve.All'],
      delegated: true,
      user: 'ada',
    });
    for (const { value } of Object.values(requestsOf('stopDispatch'))) await run('stopDispatch', {}, { body: value });
    await run('getDispatchState');
    await run('resumeDispatch', {}, { body: requestsOf('resumeDispatch').all?.value, token });
    await ask(server, '/beta/security/resumeDispatch', { body: { reason: 'x', provider: 'blocklist' }, token });
  });

  it('work for agents', async () => {
    const token = await tokenFor(server, { appId: AGENT });
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '198.51.100.77' }],
      vendorInformation: { provider: 'branch-office' },
    };
    expect((await ask(server, ACTIONS, { body })).status).toBe(201);
    const leased = await run('leaseWork', {}, { body: requestsOf('leaseWork').wait?.value, token });
    const [work] = leased.json.value as unknown as readonly { readonly id: string }[];
    const own = { provider: 'branch-office', id: work?.id };
    await run('renewWork', {}, { body: own, token });
    await run('completeWork', {}, { body: { ...own, presence: { kind: 'absent' } }, token });
  });

  it('cancel and delete', async () => {
    await run('cancelSecurityAction', { id }, { body: requestsOf('cancelSecurityAction').reason?.value });
    await until(
      async () => (await ask(server, `${ACTIONS}/${id}`)).json.enforcement?.state,
      (state) => String(state) === 'released',
    );
    await run('deleteSecurityAction', { id });
  });

  it('is every operation', () => {
    expect([...ran].toSorted()).toEqual([...api.operations.keys()].toSorted());
  });
});
