import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, TestServer } from '../server.ts';
import { readerToken } from '../tenant-token.ts';
import { blockIp, DOCUMENTED, startAliased } from './requests.ts';
import { type SdkProgram, startProgram } from './sdk-program.ts';

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;

interface Refused {
  readonly status: number;
  readonly code: string;
  readonly inner: string;
  readonly target?: string;
  readonly says: RegExp;
}

/** What a caller of the older client finds in a `GraphError`. */
function ofLegacy(thrown: Json, { status, code, inner, target, says }: Refused): void {
  expect(thrown).toMatchObject({ isError: true, statusCode: status, code, message: expect.stringMatching(says) });
  expect(thrown.requestId).toMatch(UUID);
  const body = JSON.parse(String(thrown.body)) as Json;
  expect(body.innerError).toMatchObject({ code: inner, 'request-id': thrown.requestId });
  expect(body.innerError?.['client-request-id']).toMatch(UUID);
  expect(Math.abs(Date.now() - Date.parse(String(thrown.date?.date)))).toBeLessThan(60_000);
  if (target !== undefined) expect(body.target).toBe(target);
}

/** What a caller of Kiota finds in an `ODataError`. */
function ofKiota(thrown: Json, { status, code, inner, target, says }: Refused): void {
  const error = thrown.errorEscaped;
  expect(thrown).toMatchObject({ responseStatusCode: status, message: expect.stringMatching(says) });
  expect(error).toMatchObject({ code, message: thrown.message });
  expect(error?.innerError).toMatchObject({ additionalData: { code: inner }, requestId: expect.stringMatching(UUID) });
  expect(error?.innerError?.clientRequestId).toMatch(UUID);
  expect(thrown.responseHeaders?.['request-id']).toEqual([error?.innerError?.requestId]);
  expect(Math.abs(Date.now() - Date.parse(String(error?.innerError?.date?.date)))).toBeLessThan(60_000);
  if (target !== undefined) expect(error?.target).toBe(target);
}

describe.each([
  ['legacy-client', ofLegacy],
  ['kiota-client', ofKiota],
] as const)('what %s makes of a refusal', (name, expectRefused) => {
  let server: TestServer;
  let program: SdkProgram;

  beforeAll(async () => {
    server = await startAliased();
    program = startProgram(name, server);
  });
  afterAll(async () => {
    await program.stop();
    await server.discard();
  });

  it('400: an unknown provider', async () => {
    const vendorInformation = { provider: 'Windows Defender AT', vendor: 'Microsoft' };
    expectRefused(await program.fail('create', { ...DOCUMENTED, vendorInformation }), {
      status: 400,
      code: 'badRequest',
      inner: 'unknownProvider',
      target: 'vendorInformation/provider',
      says: /^Cannot find a provider for this request/,
    });
  });

  it('400: a protected target', async () => {
    const parameters = [{ name: 'IP', value: '127.0.0.1' }];
    expectRefused(await program.fail('create', blockIp(0, { parameters })), {
      status: 400,
      code: 'badRequest',
      inner: 'protectedTarget',
      says: /loopback/,
    });
  });

  it.each([0, 1001, -1])('400: $top of %i', async (top) => {
    expectRefused(await program.fail('list', { top }), {
      status: 400,
      code: 'badRequest',
      inner: 'invalidQueryOption',
      says: /\$top/,
    });
  });

  it('404: an unknown id', async () => {
    const id = '00000000-0000-7000-8000-000000000000';
    expectRefused(await program.fail('get', id), {
      status: 404,
      code: 'notFound',
      inner: 'unknownResource',
      says: /There is no securityAction/,
    });
    const cancel = name === 'kiota-client' ? id : { id, action: 'cancelSecurityAction', body: {} };
    expectRefused(await program.fail('cancel', cancel), {
      status: 404,
      code: 'notFound',
      inner: 'unknownResource',
      says: /There is no securityAction/,
    });
  });

  it('404: an id with characters that a path must escape', async () => {
    expectRefused(await program.fail('get', name === 'kiota-client' ? "a b/c'd%" : encodeURIComponent("a b/c'd%")), {
      status: 404,
      code: 'notFound',
      inner: 'unknownResource',
      says: /There is no securityAction/,
    });
  });

  it('409: what is still in force is not deleted', async () => {
    const { id } = await program.run('create', blockIp(9));
    const thrown = await program.fail('remove', id);
    expect(thrown.statusCode ?? thrown.responseStatusCode).toBe(409);
  });

  it.each([
    ['no JWT', 'a.b', 401, 'InvalidAuthenticationToken', 'invalidToken'],
    ['one that may only read', '', 403, 'Authorization_RequestDenied', 'insufficientPermission'],
  ])('a token that is %s', async (_, given, status, code, inner) => {
    const tokenFile = path.join(server.data, 'other-token');
    writeFileSync(tokenFile, given === '' ? await readerToken(server) : given);
    const other = startProgram(name, server, { tokenFile });
    expectRefused(await other.fail('create', DOCUMENTED), { status, code, inner, says: /./ });
    await other.stop();
  });
});
