import { expect, it } from 'vitest';
import { ask, type Json, startServer } from '../server.ts';

const create = (at: number): object => ({
  id: `${at}`,
  method: 'POST',
  url: '/security/securityActions',
  body: {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: `198.51.100.${at + 1}` }],
    vendorInformation: { provider: 'simulator' },
  },
});

const responsesOf = (json: Json): readonly Json[] => json.responses as unknown as readonly Json[];

it('loses none of twenty creates that were answered, with kill -9 behind the answer', async () => {
  const server = await startServer();
  const requests = Array.from({ length: 20 }, (_, at) => create(at));
  const made = responsesOf((await ask(server, '/v1.0/$batch', { body: { requests } })).json);
  await server.kill();
  const ids = made.map(({ body }) => String(body?.id));
  expect(new Set(ids).size).toBe(20);
  const again = await server.again();
  const reads = ids.map((id, at) => ({ id: `${at}`, method: 'GET', url: `/security/securityActions/${id}` }));
  const found = responsesOf((await ask(again, '/v1.0/$batch', { body: { requests: reads } })).json);
  expect(found.map(({ body }) => String(body?.id))).toEqual(ids);
  await again.discard();
});
