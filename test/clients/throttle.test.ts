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

it('both clients wait as long as the server’s own 429 tells them, and then go on', { timeout: 150_000 }, async () => {
  const [legacy, kiota] = programs as readonly [SdkProgram, SdkProgram];
  for (let last = 1; last <= PER_MINUTE; last += 1) await legacy.run('create', blockIp(last));
  const [one, other] = await Promise.all([
    legacy.run('create', blockIp(101, { actionReason: 'waited' })),
    kiota.run('create', blockIp(102, { actionReason: 'waited' })),
  ]);
  expect([one, other]).toMatchObject([{ status: 'NotStarted' }, { status: 'NotStarted' }]);
  const waited = gateway.seen.filter(({ body }) => body.includes('waited'));
  expect(waited.filter(({ headers }) => headers['retry-attempt'] !== undefined).length).toBeGreaterThanOrEqual(2);
  expect(waited.at(-1)?.headers['retry-attempt']).toMatch(/^[123]$/);
});
