import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Call, Connector } from '../connector.ts';
import { aCall } from '../testing/call-builder.ts';
import { ldap } from './connector.ts';
import { type OpenLdap, startOpenLdap, userDn, userName } from './testing/openldap-product.ts';
import { NO_PORTS, openLdapKeys, TENANT } from './testing/openldap-under-test.ts';

const MANY = 10_000;
const FEW = 500;
/** One after the other by slapd's own client, on a machine that has nothing else to do. */
const IDLE_MS = 0.83;
const SLACK = 1.5;

const callOf = (index: number): Call =>
  aCall({ tenantId: TENANT, action: 'DisableUser', target: { kind: 'user', value: userName(index) } });

/** As many calls at once as the traits allow. */
async function eachOf(
  connector: Connector,
  count: number,
  send: (call: Call) => Promise<{ readonly kind: string }>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const { kind } = await send(callOf(index));
      if (kind !== 'done') throw new Error(`Call ${index} is ${kind}.`);
    }
  };
  await Promise.all(Array.from({ length: connector.traits.limits.concurrency }, lane));
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return Math.round(performance.now() - begun);
}

describe.skipIf(!requirement('openldap').ok)(`${MANY} users of OpenLDAP`, () => {
  let product: OpenLdap;
  let connector: Connector;
  beforeAll(async () => {
    product = await startOpenLdap({ users: MANY });
    connector = ldap.open({ name: 'directory', own: openLdapKeys(product.port) }, NO_PORTS);
  }, 60_000);
  afterAll(async () => {
    await connector?.close();
    await product?.stop();
  });
  const signal = (): AbortSignal => AbortSignal.timeout(60_000);
  const counted = async (): Promise<number> => (await product.search('(pwdStartTime=*)', '1.1')).length;

  /** What one change takes now, by slapd's own client: the machine may have other work. */
  async function ownClientMs(): Promise<number> {
    const changes = Array.from({ length: FEW }, (_, index) => index).map(
      (index) =>
        `dn: ${userDn(userName(index))}\nchangetype: modify\nreplace: pwdStartTime\npwdStartTime: 20200101000000Z\n`,
    );
    const ms = await timed(() => product.modify(changes.join('\n')));
    await product.clear();
    return ms / FEW;
  }

  it('are disabled, listed and enabled over one connection', { timeout: 120_000 }, async () => {
    const ownMs = await ownClientMs();
    const mostMs = Math.max(ownMs, IDLE_MS) * SLACK;
    const disabled = await timed(() => eachOf(connector, MANY, (call) => connector.apply(call, signal())));
    expect(await counted()).toBe(MANY);
    for (const index of [0, MANY / 2, MANY - 1]) expect((await product.logIn(userName(index))).code).toBe(49);
    let listed: readonly unknown[] = [];
    const list = await timed(async () => {
      listed = (await connector.list?.(TENANT, signal())) ?? [];
    });
    expect(listed).toHaveLength(MANY);
    const enabled = await timed(() => eachOf(connector, FEW, (call) => connector.release(call, signal())));
    expect(await counted()).toBe(MANY - FEW);
    console.log(
      `${MANY} users: disabled in ${disabled} ms, listed in ${list} ms; ${FEW} enabled in ${enabled} ms; slapd's own client takes ${ownMs.toFixed(2)} ms each`,
    );
    expect(disabled / MANY).toBeLessThan(mostMs);
    expect(enabled / FEW).toBeLessThan(mostMs);
  });
});
