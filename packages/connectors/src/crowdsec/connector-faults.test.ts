import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Connector, Effect } from '../connector.ts';
import { Secret } from '../secret.ts';
import { calm } from '../testing/bench.ts';
import { aCall, TENANT_A } from '../testing/call-builder.ts';
import { freePort } from '../testing/run-product.ts';
import { selfMadeCertificate } from '../testing/self-made-certificate.ts';
import { type CrowdsecProduct, startCrowdsec } from './testing/crowdsec-product.ts';
import { activeRows, connectTo } from './testing/crowdsec-under-test.ts';

const EFFECT: Effect = { tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value: '203.0.113.9' } };
const OURS = { kind: 'unavailable', fault: 'ours' };

/** Some other program where the local API should be. */
async function startOther(listener: RequestListener): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** What each call says of a configuration that is wrong. */
async function sayings(connector: Connector) {
  const [apply, release] = [connector.apply(aCall(EFFECT), calm()), connector.release(aCall(EFFECT), calm())];
  const verify = connector.verify?.(aCall(EFFECT), calm());
  const all = [await apply, await release, await verify] as const;
  await connector.close();
  return all;
}

describe.skipIf(!requirement('crowdsec').ok)('crowdsec, wrongly configured', () => {
  let product: CrowdsecProduct;
  beforeAll(async () => {
    product = await startCrowdsec();
  }, 30_000);
  afterAll(() => product?.stop());

  for (const [what, own] of [
    ['a wrong password', { password: new Secret('wrong') }],
    ['a machine that does not exist', { machine: 'nobody' }],
  ] as const) {
    it(`${what}: says what to do, and does nothing`, async () => {
      const [apply, , verify] = await sayings(connectTo(product.port, own));
      expect(apply).toMatchObject({ ...OURS, message: expect.stringContaining('cscli machines add') });
      expect(verify).toEqual({ kind: 'absent' });
      expect(activeRows(product)).toEqual([]);
    });
  }

  it('a machine that was not validated: says what the local API says', async () => {
    const body = JSON.stringify({ machine_id: 'waiting', password: 'a-password-0123' });
    await fetch(`http://127.0.0.1:${product.port}/v1/watchers`, { method: 'POST', body });
    const [apply] = await sayings(
      connectTo(product.port, { machine: 'waiting', password: new Secret('a-password-0123') }),
    );
    expect(apply).toMatchObject({ ...OURS, message: expect.stringContaining('not validated') });
  });

  it('a wrong key: says what to do, and does nothing', async () => {
    const [apply, release, verify] = await sayings(connectTo(product.port, { bouncerKey: new Secret('wrong') }));
    const message = expect.stringContaining('cscli bouncers add');
    expect(apply).toMatchObject({ ...OURS, message });
    expect(release).toMatchObject({ ...OURS, message });
    expect(verify).toMatchObject({ kind: 'unknown', fault: 'ours', message });
    expect(activeRows(product)).toEqual([]);
  });

  it('nobody listens: certainly nothing', async () => {
    const [apply, release, verify] = await sayings(connectTo(await freePort()));
    expect(apply).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('ECONNREFUSED') });
    expect(release).toMatchObject({ kind: 'unavailable' });
    expect(verify).toMatchObject({ kind: 'unknown' });
  });

  it('somebody else listens: our configuration is to blame', async () => {
    const other = await startOther((_, answer) => answer.writeHead(404).end('no such page'));
    const [apply, release, verify] = await sayings(connectTo(other.port));
    expect(apply).toMatchObject(OURS);
    expect(release).toMatchObject(OURS);
    expect(verify).toMatchObject({ kind: 'unknown', fault: 'ours' });
    other.close();
  });

  it('before a change the look fails: nothing is changed', async () => {
    const asked: string[] = [];
    const other = await startOther(({ method, url }, answer) => {
      asked.push(`${method} ${url?.split('?')[0]}`);
      answer.writeHead(200, { 'content-type': 'application/json' }).end('{"new":[]}');
    });
    const [apply, release] = await sayings(connectTo(other.port));
    expect([apply.kind, release.kind]).toEqual(['unknown', 'unknown']);
    expect(new Set(asked)).toEqual(new Set(['GET /v1/decisions']));
    other.close();
  });
});

describe.skipIf(!requirement('crowdsec').ok)('crowdsec over TLS', () => {
  it('is asked by a certificate that the system trusts, and by no other', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'interdict-crowdsec-tls-'));
    const { cert, key } = selfMadeCertificate('localhost');
    const tls = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
    await writeFile(tls.cert, cert);
    await writeFile(tls.key, key);
    const product = await startCrowdsec({ tls });
    const before = getCACertificates('default');
    try {
      const url = `https://localhost:${product.port}`;
      const [untrusted] = await sayings(connectTo(product.port, { url }));
      expect(untrusted).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('certificate') });
      setDefaultCACertificates([...before, readFileSync(tls.cert, 'utf8')]);
      const connector = connectTo(product.port, { url });
      expect(await connector.apply(aCall(EFFECT), calm())).toMatchObject({ kind: 'done' });
      expect(await connector.verify?.(aCall(EFFECT), calm())).toEqual({ kind: 'present' });
      await connector.close();
      const [plain] = await sayings(connectTo(product.port));
      expect(plain.kind).toBeOneOf(['unavailable', 'unknown']);
    } finally {
      setDefaultCACertificates(before);
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }, 30_000);
});
