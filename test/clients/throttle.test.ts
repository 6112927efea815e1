import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestServer } from '../server.ts';
import { type BusyGateway, startGateway } from './busy-gateway.ts';
import { blockIp, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

const PER_MINUTE = 30;

let server: TestServer;
let gateway: BusyGateway;
let programs: readonly SdkProgram[];

beforeAll(async () => {
  server = await startAliased(`limits: { requestsPerMinute: { post: ${PER_MINUTE} } }\n`);
  gateway = await startGateway(server);
  programs = ['legacy-client', 'kiota-client'].map((name) => startProgram(name, server, { baseUrl: gateway.url }));
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  await gateway.stop();
  await server.discard();
});

/** Numbers of the retries that were seen so far. */
const retries = (): readonly unknown[] =>
  gateway.seen.map(({ headers }) => headers['retry-attempt']).filter((attempt) => attempt !== undefined);

it("both clients wait as long as the server's own 429 tells them, and then go on", { timeout: 150_000 }, async () => {
  // Each of its own: what one client asked for is what another's retry would be given.
  let target = 0;
  for (const program of programs) {
    gateway.seen.length = 0;
    let made = 0;
    // What is asked for slowly enough is never too much: how many it takes depends on the machine.
    while (retries().length === 0 && made < 4 * PER_MINUTE) {
      made += 1;
      target += 1;
      const created = await program.run('create', blockIp(target));
      expect(created.status).toBe('NotStarted');
    }
    expect(retries()).toEqual(retries().map((_, index) => String(index + 1)));
    expect(retries().length).toBeGreaterThanOrEqual(1);
    expect(gateway.seen.length).toBe(made + retries().length);
  }
});
