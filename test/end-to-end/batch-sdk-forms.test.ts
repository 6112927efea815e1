import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, startAttacked } from '../attacked-server.ts';
import { type ItemReply, repliesOf } from '../batch-client.ts';
import type { Json } from '../server.ts';

const BATCH = '/beta/$batch';
const URL_OF_ALL = '/security/securityActions';

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());

type Headers = Readonly<Record<string, string>>;

const sendText = async (body: string, headers: Headers = {}): Promise<readonly ItemReply[]> =>
  repliesOf(await attacked.ask(BATCH, { method: 'POST', headers, body }));
const send = (requests: readonly object[]): Promise<readonly ItemReply[]> => sendText(JSON.stringify({ requests }));
const blocklisted = (rest: object = {}): object => aRequest({ vendorInformation: { provider: 'blocklist' }, ...rest });
const sendCreate = async (rest: object): Promise<ItemReply | undefined> =>
  (await send([{ id: '1', method: 'POST', url: URL_OF_ALL, body: blocklisted(), ...rest }]))[0];
const statusesOf = (replies: readonly ItemReply[]): readonly number[] => replies.map(({ status }) => status);
const bodyOf = (reply: ItemReply | undefined): Json => reply?.body as Json;

async function storedId(): Promise<string> {
  const { json } = await attacked.ask(`/beta${URL_OF_ALL}`, { method: 'POST', body: JSON.stringify(blocklisted()) });
  return String(json.id);
}

describe('what the SDKs send', () => {
  it('is understood: the legacy JavaScript client', async () => {
    const id = await storedId();
    const body = `{"requests":[{"url":"/beta/security/securityActions/${id}","method":"GET","id":"1"},{"url":"/beta/security/securityActions/${id}/cancelSecurityAction","method":"POST","headers":{"content-type":"application/json"},"body":{"reason":"x"},"id":"2","dependsOn":["1"]}]}`;
    expect(statusesOf(await sendText(body))).toEqual([200, 200]);
  });

  it('is understood: Kiota for TypeScript, with bodies in base64, no headers and GUIDs', async () => {
    const body = Buffer.from(JSON.stringify(blocklisted({ actionReason: 'é' }))).toString('base64');
    const [get, post] = await send([
      { id: 'bb51a5e8-bd21-b292-50bf-3d95f3230149', method: 'GET', url: '/security/securityActions?%24top=1' },
      { id: 'bdc2b05c-571d-66af-f053-32578fbfa376', method: 'POST', url: URL_OF_ALL, body },
    ]);
    expect([get?.status, post?.status, bodyOf(post).actionReason]).toEqual([200, 201, 'é']);
  });

  it('is understood: .NET, with URLs that are not escaped', async () => {
    const url = "/security/securityActions?$filter=status eq 'Running' and name eq 'A/B'";
    const [found] = await send([
      { id: randomUUID(), url, method: 'GET', headers: { 'Cache-Control': 'no-cache, no-store' } },
    ]);
    const single = await attacked.ask(
      `/beta${URL_OF_ALL}?$filter=status%20eq%20%27Running%27%20and%20name%20eq%20%27A/B%27`,
    );
    expect([found?.status, bodyOf(found).error?.message]).toEqual([single.status, single.json.error?.message]);
    const typed = { 'Content-Type': 'application/json; charset=utf-8' };
    expect((await sendCreate({ headers: typed }))?.status).toBe(201);
  });

  it('is understood: Go, with empty lists, and PowerShell, with nulls and indents', async () => {
    expect((await sendCreate({ headers: {}, dependsOn: [] }))?.status).toBe(201);
    const nulls = {
      requests: [
        { id: '1', method: 'GET', url: 'security/securityActions', headers: null, body: null, dependsOn: null },
      ],
    };
    const text = JSON.stringify(nulls, null, 4).replaceAll('\n', '\r\n');
    expect(statusesOf(await sendText(text, { 'Content-Type': 'application/json; charset=utf-8' }))).toEqual([200]);
  });
});
