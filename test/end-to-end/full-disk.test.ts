import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Reply, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

describe.skipIf(!requirement('tmpfs').ok)('a disk that is full', () => {
  const data = aDataFolder();
  let server: TestServer | undefined;
  let target = 0;

  beforeAll(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', data]);
    server = await startServer({ data });
  });
  afterAll(async () => {
    await server?.stop();
    execFileSync('umount', [data]);
    rmSync(data, { recursive: true });
  });

  const running = (): TestServer => {
    if (!server) throw new Error('The server did not start.');
    return server;
  };
  const post = (headers: Readonly<Record<string, string>> = {}): Promise<Reply> => {
    target += 1;
    const parameters = [{ name: 'IP', value: `203.0.113.${10 + target}` }];
    const body = { name: 'BlockIp', parameters, vendorInformation: { provider: 'simulator' } };
    return ask(running(), ACTIONS, { body, headers });
  };
  const stateOf = async (id: string): Promise<string> =>
    String((await ask(running(), `${ACTIONS}/${id}`)).json.enforcement?.state);
  const fill = (): void => {
    expect(() => {
      for (;;) appendFileSync(path.join(data, 'filler'), Buffer.alloc(65_536));
    }).toThrow('ENOSPC');
  };

  it('refuses what is new, repeats what is stored, releases what is in force, and recovers by itself', async () => {
    const [first, second] = [await post(), await post({ 'Idempotency-Key': 'before' })];
    const ids = [String(first.json.id), String(second.json.id)];
    for (const id of ids) {
      await until(
        () => stateOf(id),
        (state) => state === 'inForce',
      );
    }
    fill();
    const refused = await until(post, ({ status }) => status !== 201);
    expect(refused).toMatchObject({ status: 507, json: { error: { code: 'insufficientStorage' } } });
    target = 1;
    expect((await post({ 'Idempotency-Key': 'before' })).json.id).toBe(ids[1]);
    expect((await ask(running(), '/readyz')).status).toBe(200);
    for (const id of ids) {
      expect((await ask(running(), `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
      await until(
        () => stateOf(id),
        (state) => state === 'released',
      );
    }
    target = 20;
    expect((await post()).status).toBe(507);
    rmSync(path.join(data, 'filler'));
    const taken = await until(post, ({ status }) => status === 201);
    await until(
      () => stateOf(String(taken.json.id)),
      (state) => state === 'inForce',
    );
    expect(running().output()).toContain('has room again');
  });

  it('starts on a full disk, and still takes back what is in force', async () => {
    const id = String((await post()).json.id);
    await until(
      () => stateOf(id),
      (state) => state === 'inForce',
    );
    fill();
    await running().kill();
    server = await running().again();
    expect((await post()).status).toBe(507);
    expect((await ask(running(), `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
    await until(
      () => stateOf(id),
      (state) => state === 'released',
    );
  });
});
