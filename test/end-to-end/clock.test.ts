import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeTime } from '../fake-time.ts';
import { freePort } from '../free-port.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

describe.skipIf(!requirement('faketime').ok)('a clock that is set while the server runs', () => {
  const time = createFakeTime();
  let metricsPort: number;
  let server: TestServer;
  beforeAll(async () => {
    metricsPort = await freePort();
    server = await startServer({ env: { ...time.env, INTERDICT_METRICS_PORT: String(metricsPort) } });
  });
  afterAll(async () => {
    await server?.discard();
    time.discard();
  });

  const metric = async (name: string): Promise<string | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
  };
  const read = async (id: string): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
  const state = async (id: string): Promise<string> => String((await read(id)).enforcement?.state);
  async function block(target: string, ttl: string): Promise<string> {
    const parameters = [{ name: 'IP', value: target }];
    const vendorInformation = { provider: 'simulator', vendor: 'Interdict' };
    const { json } = await ask(server, ACTIONS, { body: { name: 'BlockIp', parameters, vendorInformation, ttl } });
    await until(
      () => state(String(json.id)),
      (now) => now === 'inForce',
    );
    return String(json.id);
  }

  it('that was set back while the server was off is believed, and told of', async () => {
    const id = await block('203.0.113.61', 'PT1H');
    await server.stop();
    const before = server.output();
    time.set(-7_200);
    server = await server.again();
    await until(
      () => metric('interdict_clock_trusted'),
      (trusted) => trusted === '0',
    );
    expect(before).not.toContain('stands before');
    expect(server.output()).toContain('stands before what was written already');
    // The simulator forgets with its process: what it lost is found and put back, and nothing ends.
    await until(
      () => state(id),
      (now) => now === 'inForce',
    );
    // Whoever says that it is right starts once more.
    await server.stop();
    server = await server.again();
    await delay(2_500);
    expect(await metric('interdict_clock_trusted')).toBe('1');
    expect(server.output()).not.toContain('stands before');
    time.set(0);
    await server.stop();
    server = await server.again();
  });

  it.each([
    ['a year ahead', 31_536_000, '203.0.113.7', 401],
    ['two hours back', -7_200, '203.0.113.8', 200],
  ])(
    '%s ends nothing too soon and nothing too late, lets no token in that may be over, and is told',
    async (_, by, target, status) => {
      const jumps = Number((await metric('interdict_clock_jumps_total')) ?? 0);
      const short = await block(target, 'PT8S');
      const long = await block(`${target}1`, 'PT1H');
      const endsAt = Date.parse(String((await read(short)).enforcement?.expirationDateTime));
      time.set(by);
      await until(
        () => metric('interdict_clock_trusted'),
        (trusted) => trusted === '0',
      );
      expect((await ask(server, ACTIONS)).status).toBe(status);
      await delay(2_500);
      time.set(0);
      await until(
        () => metric('interdict_clock_trusted'),
        (trusted) => trusted === '1',
      );
      expect(Number(await metric('interdict_clock_jumps_total'))).toBe(jumps + 1);
      if (Date.now() < endsAt - 500) expect(await state(short), 'before its end').toBe('inForce');
      await until(
        () => state(short),
        (now) => now === 'released',
        15_000,
      );
      expect(Date.now()).toBeGreaterThanOrEqual(endsAt);
      expect(Date.now() - endsAt).toBeLessThan(8_000);
      expect(await state(long)).toBe('inForce');
      expect(server.output()).toContain('The clock of the system was set.');
    },
  );
});
