import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, type TestServer, until } from '../server.ts';
import { CLIENTS } from './recorded-headers.ts';
import { blockIp, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';
import { sendAs } from './send-as.ts';

let server: TestServer;
const ACTIONS = '/beta/security/securityActions';

beforeAll(async () => {
  server = await startAliased();
});
afterAll(() => server.discard());

/** An action that has come to rest, so that nothing but the test changes it. */
async function anAction(last: number): Promise<Json> {
  const { json } = await ask(server, ACTIONS, { body: blockIp(last) });
  return await until(
    async () => (await ask(server, `${ACTIONS}/${json.id}`)).json,
    ({ status }) => String(status) === 'Completed',
  );
}

describe.each(['legacy-client', 'kiota-client'])('PATCH by %s', (name) => {
  let program: SdkProgram;

  beforeAll(() => {
    program = startProgram(name, server);
  });
  afterAll(() => program.stop());

  it('changes what the requester may, and gives the entity', async () => {
    const { id } = await anAction(1);
    const updated = await program.run('update', { id, body: { actionReason: 'A better one' } });
    expect(updated).toMatchObject({ id, actionReason: 'A better one', name: 'BlockIp', status: 'Completed' });
    expect(await program.run('get', id)).toMatchObject({ actionReason: 'A better one' });
  });

  it('clears with null', async () => {
    const { id } = await anAction(2);
    await program.run('update', { id, body: { clientContext: 'a ticket' } });
    const cleared = await program.run('update', { id, body: { clientContext: null } });
    expect(cleared.clientContext ?? null).toBeNull();
  });

  it('gets nothing back with return=minimal, and is content', async () => {
    const { id } = await anAction(3);
    const headers = { Prefer: 'return=minimal' };
    const nothing = await program.run('update', { id, body: { actionReason: 'minimal' }, headers });
    expect(nothing ?? null).toBeNull();
    expect(await program.run('get', id)).toMatchObject({ actionReason: 'minimal' });
  });

  it('is refused with 412 where its entity tag is stale', async () => {
    const { id } = await anAction(4);
    const headers = { 'If-Match': 'W/"1"' };
    const thrown = await program.fail('update', { id, body: { actionReason: 'stale' }, headers });
    expect(thrown.statusCode ?? thrown.responseStatusCode).toBe(412);
  });

  it('is refused where it would change what was asked for', async () => {
    const { id } = await anAction(5);
    const thrown = await program.fail('update', { id, body: { name: 'BlockDomain' } });
    expect(thrown.statusCode ?? thrown.responseStatusCode).toBe(400);
    expect(thrown.message).toMatch(/name/);
  });
});

it.each(CLIENTS)('PATCH as %s sends it', async (client) => {
  const { id } = await anAction(6);
  const answer = await sendAs(client, server, `PATCH ${ACTIONS}/${id}`, { actionReason: client });
  expect([answer.status, answer.json.actionReason]).toEqual([200, client]);
});
