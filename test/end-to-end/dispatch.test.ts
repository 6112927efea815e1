import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const QUICK = 'timeout: PT1S\n    lateness: PT1S\n    verifyEvery: PT1S';

let last = 0;
/** A target that no other test uses. */
const aTarget = (): string => {
  last += 1;
  return `198.51.100.${last}`;
};

describe('an action at its provider', () => {
  let server: TestServer;
  const [checked, plain, other] = [new WebhookReceiver(), new WebhookReceiver(), new WebhookReceiver()];

  beforeAll(async () => {
    await Promise.all([checked.start(), plain.start(), other.start()]);
    server = await startServer({
      env: { HOOK_SECRET: checked.secret },
      config: `providers:
${webhookProvider(checked, 'checked', `verify: true\n    ${QUICK}`)}
${webhookProvider(checked, 'impatient', `verify: true\n    deadline: PT3S\n    ${QUICK}`)}
${webhookProvider(plain, 'plain', QUICK)}
${webhookProvider(plain, 'plain-impatient', `deadline: PT3S\n    ${QUICK}`)}
${webhookProvider(other, 'other', QUICK)}`,
    });
  });
  afterEach(async () => {
    for (const receiver of [checked, plain, other]) receiver.manner = null;
    await Promise.all([checked, plain, other].map((receiver) => receiver.start().catch(() => undefined)));
  });
  afterAll(async () => {
    await server.discard();
    await Promise.all([checked.stop(), plain.stop(), other.stop()]);
  });

  const block = async (provider: string, target = aTarget(), rest: object = {}): Promise<Json> => {
    const body = {
      name: 'BlockIp',
      actionReason: 'C2 beacon',
      parameters: [{ name: 'IP', value: target }],
      vendorInformation: { provider },
      ...rest,
    };
    const { status, json } = await ask(server, '/beta/security/securityActions', { body });
    expect(status).toBe(201);
    return json;
  };
  const get = async (action: Json): Promise<Json> =>
    (await ask(server, `/beta/security/securityActions/${String(action.id)}`)).json;
  const cancel = async (action: Json): Promise<void> => {
    const url = `/beta/security/securityActions/${String(action.id)}/cancelSecurityAction`;
    const answer = await ask(server, url, { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  };
  const reaches = (action: Json, status: string, state: string, withinMs?: number): Promise<Json> =>
    until(
      () => get(action),
      (now) => now.status === (status as unknown) && now.enforcement?.state === (state as unknown),
      withinMs,
    );
  const code = (action: Json): unknown => action.errorInfo?.code;

  it('says Completed only after the product was read back, and released only after it is gone', async () => {
    const action = await block('checked');
    const target = String(action.enforcement?.target);
    const done = await reaches(action, 'Completed', 'inForce');
    expect(done.enforcement).toMatchObject({ verification: 'readBack', heldByOthers: 0, preexisting: false });
    expect(checked.received.filter((each) => each.target === target).map(({ kind }) => kind)).toEqual([
      'verify',
      'apply',
      'verify',
    ]);
    expect(checked.received.every(({ isSigned }) => isSigned)).toBe(true);
    const [apply] = checked.of('apply', target);
    expect(apply?.data).toMatchObject({ actionId: action.id, name: 'BlockIp', reason: 'C2 beacon', attempt: 1 });
    expect(apply?.id).toBe(apply?.data.operationId);
    await cancel(action);
    await reaches(action, 'Completed', 'released');
    expect(checked.inForce.has(target)).toBe(false);
    expect((await get(action)).states).toHaveLength(3);
  });

  it('takes what the product says for what it is worth where it cannot be read back', async () => {
    const silent = aTarget();
    plain.manner = (received, self) => {
      const answer = self.obey(received);
      return received.target.endsWith(silent) ? { status: 204 } : answer;
    };
    expect((await reaches(await block('plain'), 'Completed', 'inForce')).enforcement?.verification).toBe('reported');
    const accepted = await reaches(await block('plain', silent), 'Completed', 'inForce');
    expect(accepted.enforcement?.verification).toBe('accepted');
  });

  it('holds one effect for two actions: one call, and the block leaves with the last', async () => {
    const address = aTarget();
    const one = await reaches(await block('checked', address), 'Completed', 'inForce');
    const two = await reaches(await block('checked', address, { ttl: 'PT1H' }), 'Completed', 'inForce');
    const target = `ip:${address}`;
    expect(checked.of('apply', target)).toHaveLength(1);
    expect((await get(one)).enforcement?.heldByOthers).toBe(1);
    await cancel(one);
    expect((await reaches(one, 'Completed', 'released')).enforcement?.heldByOthers).toBe(1);
    expect(checked.inForce.has(target)).toBe(true);
    expect(checked.of('release', target)).toHaveLength(0);
    const listed = await ask(server, '/beta/security/enforcements?$top=1000');
    const row = (listed.json.value as unknown as Json[]).find((each) => each.target === (target as unknown));
    expect(row?.holds).toEqual([{ securityActionId: two.id, expirationDateTime: two.enforcement?.expirationDateTime }]);
    await cancel(two);
    await reaches(two, 'Completed', 'released');
    expect(checked.inForce.has(target)).toBe(false);
  });

  it('tells the product a later end with one more call, under an operation of its own', async () => {
    const address = aTarget();
    await reaches(await block('checked', address, { ttl: 'PT1H' }), 'Completed', 'inForce');
    const later = await reaches(await block('checked', address, { ttl: 'PT2H' }), 'Completed', 'inForce');
    const applies = checked.of('apply', `ip:${address}`);
    expect(applies).toHaveLength(2);
    expect(new Set(applies.map(({ id }) => id)).size).toBe(2);
    expect(applies[1]?.data.expirationDateTime).toBe(later.enforcement?.expirationDateTime);
  });

  it('ends by its own clock', async () => {
    const action = await block('checked', aTarget(), { ttl: 'PT2S' });
    await reaches(action, 'Completed', 'inForce');
    const released = await reaches(action, 'Completed', 'released');
    const end = Date.parse(String(released.enforcement?.expirationDateTime));
    const [release] = checked.of('release', String(released.enforcement?.target));
    expect(release?.at).toBeGreaterThanOrEqual(end - 50);
    expect(release?.at).toBeLessThan(end + 3_000);
  });

  it('never lifts what was there before', async () => {
    const address = aTarget();
    checked.inForce.add(`ip:${address}`);
    const action = await block('checked', address);
    expect((await reaches(action, 'Completed', 'inForce')).enforcement?.preexisting).toBe(true);
    await cancel(action);
    expect((await reaches(action, 'Completed', 'released')).enforcement?.preexisting).toBe(true);
    expect(checked.of('apply', `ip:${address}`)).toHaveLength(0);
    expect(checked.of('release', `ip:${address}`)).toHaveLength(0);
    expect(checked.inForce.has(`ip:${address}`)).toBe(true);
  });

  it('puts back what vanished, and says that it had', async () => {
    const action = await block('checked');
    const target = String(action.enforcement?.target);
    await reaches(action, 'Completed', 'inForce');
    checked.manner = (received, self) => (received.kind === 'apply' ? 'cut' : self.obey(received));
    checked.inForce.delete(target);
    await reaches(action, 'Completed', 'drifted');
    checked.manner = null;
    await reaches(action, 'Completed', 'inForce');
    expect(checked.inForce.has(target)).toBe(true);
    const ids = checked.of('apply', target).map(({ id }) => id);
    expect(ids.at(-1)).not.toBe(ids[0]);
    const listed = await ask(server, '/beta/security/enforcements?$top=1000');
    const row = (listed.json.value as unknown as Json[]).find((each) => each.target === (target as unknown));
    expect(row?.drift).toMatchObject({ count: 1 });
  });

  it('waits for a product that is down, says so, and goes on by itself', async () => {
    await plain.stop();
    const action = await block('plain');
    const health = (): Promise<Json> =>
      ask(server, '/beta/security/securityActionProviders/plain').then(({ json }) => json);
    await until(health, (json) => json.health !== ('up' as unknown));
    expect((await get(action)).status).toBe('Running');
    expect((await health()).healthMessage).toMatch(/\w/);
    await plain.start();
    await reaches(action, 'Completed', 'inForce', 20_000);
    expect((await health()).health).toBe('up');
  });

  it.each([
    ['answers with nonsense', () => ({ status: 200, body: { state: 'perhaps' } }) as const],
    ['breaks off', () => 'cut' as const],
    ['never answers', () => 'hang' as const],
    ['has an error of its own', () => ({ status: 500 }) as const],
  ])('says unknown where the product %s, and Completed once that is over', async (_, answer) => {
    plain.manner = answer;
    const action = await block('plain');
    await reaches(action, 'Running', 'unknown');
    plain.manner = null;
    await reaches(action, 'Completed', 'inForce', 20_000);
    const applies = plain.of('apply', String(action.enforcement?.target));
    expect(applies.length).toBeGreaterThan(1);
    expect(new Set(applies.map(({ id }) => id)).size).toBe(1);
    expect(applies.map(({ data }) => data.attempt)).toEqual(applies.map((__, index) => index + 1));
  });

  it('fails as refused what the product will not do', async () => {
    plain.manner = () => ({ status: 422, body: { message: 'No such zone.' } });
    const action = await reaches(await block('plain'), 'Failed', 'none');
    expect(action.errorInfo).toMatchObject({ code: 6, subcode: 422 });
    expect(String(action.errorInfo?.message)).toContain('No such zone.');
    const listed = await ask(server, '/beta/security/enforcements?$top=1000');
    expect(listed.text).not.toContain(String(action.enforcement?.target));
  });

  it('fails as unavailable where nothing was reached until the deadline', async () => {
    await plain.stop();
    const action = await reaches(await block('plain-impatient'), 'Failed', 'none');
    expect(code(action)).toBe(7);
    await plain.start();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(plain.of('apply', String(action.enforcement?.target))).toHaveLength(0);
  });

  it('fails as unresolved where it may have landed, and releases it at a cancel', async () => {
    plain.manner = () => 'hang';
    const action = await reaches(await block('plain-impatient'), 'Failed', 'unknown');
    expect(code(action)).toBe(8);
    plain.manner = null;
    await cancel(action);
    await reaches(action, 'Failed', 'released');
    expect(plain.of('release', String(action.enforcement?.target)).length).toBeGreaterThan(0);
  });

  it('fails as not verified what is accepted again and again and never there, with a release first', async () => {
    checked.manner = (received, self) => {
      if (received.kind === 'apply') return { status: 200, body: { state: 'inForce' } };
      return self.obey(received);
    };
    const action = await reaches(await block('checked'), 'Failed', 'none', 60_000);
    expect(code(action)).toBe(10);
    const target = String(action.enforcement?.target);
    expect(checked.of('apply', target)).toHaveLength(5);
    expect(checked.of('release', target).length).toBeGreaterThan(0);
  }, 70_000);

  it('is cancelled while its call is under way: the release goes at once, and again when the call can land no more', async () => {
    plain.manner = (received, self) => (received.kind === 'apply' ? 'hang' : self.obey(received));
    const action = await block('plain');
    const target = String(action.enforcement?.target);
    await until(
      () => plain.of('apply', target).length,
      (count) => count > 0,
    );
    const cancelledAt = Date.now();
    await cancel(action);
    const [release] = await until(
      () => plain.of('release', target),
      ({ length }) => length > 0,
    );
    expect((release?.at ?? 0) - cancelledAt).toBeLessThan(900);
    expect((await get(action)).enforcement?.state).toBe('releasing');
    const failed = await reaches(action, 'Failed', 'released');
    expect(failed.errorInfo).toMatchObject({ code: 1 });
    const releases = plain.of('release', target);
    expect(releases.length).toBeGreaterThanOrEqual(2);
    expect((releases.at(-1)?.at ?? 0) - cancelledAt).toBeGreaterThan(900);
    expect(new Set(releases.map(({ id }) => id)).size).toBe(releases.length);
  });

  it('is never called for an action that was cancelled before it started', async () => {
    plain.manner = () => 'hang';
    const busy = await Promise.all(Array.from({ length: 16 }, () => block('plain')));
    await until(
      () => busy.filter((each) => plain.of('apply', String(each.enforcement?.target)).length > 0),
      ({ length }) => length === 16,
    );
    const action = await block('plain');
    expect(action.status).toBe('NotStarted');
    await cancel(action);
    const failed = await reaches(action, 'Failed', 'none');
    expect(code(failed)).toBe(1);
    plain.manner = null;
    await Promise.all(busy.map((each) => cancel(each)));
    await Promise.all(busy.map((each) => reaches(each, 'Failed', 'released', 20_000)));
    expect(plain.of('apply', String(action.enforcement?.target))).toHaveLength(0);
  });

  it('lets a product that hangs slow no other, and releases pass what is stuck', async () => {
    const held = await reaches(await block('plain'), 'Completed', 'inForce');
    plain.manner = (received, self) => (received.kind === 'apply' ? 'hang' : self.obey(received));
    const stuck = await Promise.all(Array.from({ length: 40 }, () => block('plain')));
    const started = Date.now();
    await cancel(held);
    await reaches(held, 'Completed', 'released', 900);
    await reaches(await block('other'), 'Completed', 'inForce', 900);
    expect(Date.now() - started).toBeLessThan(1_800);
    plain.manner = null;
    await Promise.all(stuck.map((each) => cancel(each)));
    await Promise.all(
      stuck.map((each) =>
        until(
          () => get(each),
          (now) => now.status === ('Failed' as unknown),
          20_000,
        ),
      ),
    );
  });

  it('goes on by itself within a second of ready after kill -9, with the same operation', async () => {
    checked.manner = (received, self) => (received.kind === 'apply' ? 'hang' : self.obey(received));
    const actions = await Promise.all(Array.from({ length: 5 }, () => block('checked')));
    const targets = actions.map((each) => String(each.enforcement?.target));
    await until(
      () => targets.filter((target) => checked.of('apply', target).length > 0),
      ({ length }) => length === 5,
    );
    await server.kill();
    checked.manner = null;
    server = await server.again();
    const ready = Date.now();
    await until(
      () => targets.filter((target) => checked.of('verify', target).some(({ at }) => at > ready - 1_000)),
      ({ length }) => length === 5,
    );
    expect(Date.now() - ready).toBeLessThan(1_000);
    await Promise.all(actions.map((each) => reaches(each, 'Completed', 'inForce')));
    for (const target of targets) expect(new Set(checked.of('apply', target).map(({ id }) => id)).size).toBe(1);
  });

  it('asks the guard-rails again before it sends: a target that is protected since is not touched', async () => {
    plain.manner = () => 'hang';
    const busy = await Promise.all(Array.from({ length: 16 }, () => block('plain')));
    await until(
      () => busy.filter((each) => plain.of('apply', String(each.enforcement?.target)).length > 0),
      ({ length }) => length === 16,
    );
    const action = await block('plain', '192.0.2.55');
    checked.manner = () => ({ status: 503 });
    const retried = await block('checked', '192.0.2.56');
    await until(
      () => checked.of('verify', 'ip:192.0.2.56').length,
      (count) => count > 0,
    );
    await server.kill();
    plain.manner = null;
    checked.manner = null;
    const config = `providers:
${webhookProvider(plain, 'plain', QUICK)}
${webhookProvider(checked, 'checked', `verify: true\n    ${QUICK}`)}
protected: [ { ips: [ 192.0.2.0/24 ] } ]`;
    server = await startServer({ data: server.data, env: { HOOK_SECRET: plain.secret }, config });
    const failed = await reaches(action, 'Failed', 'none');
    expect(failed.errorInfo).toMatchObject({ code: 5 });
    expect(String(failed.errorInfo?.message)).toContain('192.0.2.0/24');
    expect(plain.of('apply', 'ip:192.0.2.55')).toHaveLength(0);
    expect((await reaches(retried, 'Failed', 'none')).errorInfo).toMatchObject({ code: 5 });
    expect(checked.inForce.has('ip:192.0.2.56')).toBe(false);
  });

  it('keeps a secret out of everything that it prints and stores', async () => {
    const { readFileSync, readdirSync } = await import('node:fs');
    const path = await import('node:path');
    const planted = [plain.secret, plain.secret.slice(6), server.token(), server.token().split('.')[2] ?? ''];
    const stored = readdirSync(server.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !['token', 'key', 'feed-key', 'key.pem'].includes(entry.name))
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'));
    for (const secret of planted) {
      expect(server.output()).not.toContain(secret);
      for (const text of stored) expect(text.includes(secret)).toBe(false);
    }
  });
});
