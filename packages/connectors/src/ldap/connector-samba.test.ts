import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Call, Connector } from '../connector.ts';
import { aCall } from '../testing/call-builder.ts';
import { ldap } from './connector.ts';
import { interpose } from './testing/interposer.ts';
import { NO_PORTS, TENANT } from './testing/openldap-under-test.ts';
import { BIND_DN, dnOf, nameOf, principalOf, type Samba, startSamba } from './testing/samba-product.ts';
import { sambaKeys } from './testing/samba-under-test.ts';
import { passOn, putTlsOn, type TlsEnd, takeTlsOff } from './testing/tls-ends.ts';

const calm = (): AbortSignal => AbortSignal.timeout(20_000);
const callOf = (value: string, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT, action: 'DisableUser', target: { kind: 'user', value } }, changes);
/** NORMAL_ACCOUNT, and beside it DONT_EXPIRE_PASSWORD and NOT_DELEGATED. */
const NORMAL = 0x200;
const MORE_BITS = 0x200 | 0x10000 | 0x100000;
const DISABLED = 2;
/** More than Active Directory gives at once, when it is asked for without pages. */
const MANY = 1_010;

describe.skipIf(!requirement('samba').ok)('the connector ldap on Samba', () => {
  let product: Samba;
  let behind: TlsEnd;
  let before: TlsEnd;
  let connector: Connector;
  const open = (changes: Readonly<Record<string, unknown>> = {}): Connector => {
    const own = { ...sambaKeys(`ldaps://localhost:${before.port}`, product.ca), ...changes };
    return ldap.open({ name: 'directory', own }, NO_PORTS);
  };
  const apply = (name: string) => connector.apply(callOf(name), calm());
  const release = (name: string) => connector.release(callOf(name), calm());
  const verify = async (name: string) => connector.verify?.(callOf(name), calm());

  beforeAll(async () => {
    product = await startSamba({ users: MANY });
    // Samba listens on an address of its own, and its certificate is for localhost.
    behind = await putTlsOn({ host: product.address, port: 636, ca: product.certificate.cert });
    before = await takeTlsOff(product.certificate, () => ({ host: '127.0.0.1', port: behind.port }));
  }, 120_000);
  afterAll(async () => {
    await before?.close();
    await behind?.close();
    await product?.stop();
  });
  beforeEach(async () => {
    await product.clear();
    connector = open();
  });
  afterEach(() => connector.close());

  it('refuses binds and tickets before it says done, and gives both again after the release', async () => {
    expect((await product.logIn(nameOf(0))).code).toBe(0);
    expect((await product.kinit(nameOf(0))).code).toBe(0);
    expect(await apply(principalOf(0))).toMatchObject({ kind: 'done', level: 'reported' });
    expect(await product.logIn(nameOf(0))).toMatchObject({ code: 49, stderr: expect.stringContaining('data 533') });
    const refused = await product.kinit(nameOf(0));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('credentials have been revoked');
    expect((await product.logIn(nameOf(1))).code).toBe(0);
    expect(await verify(principalOf(0))).toMatchObject({ kind: 'present' });
    expect(await release(principalOf(0))).toMatchObject({ kind: 'done' });
    expect((await product.logIn(nameOf(0))).code).toBe(0);
    expect((await product.kinit(nameOf(0))).code).toBe(0);
  });

  it('holds over a restart', async () => {
    await apply(principalOf(0));
    await product.restart();
    expect((await product.logIn(nameOf(0))).code).toBe(49);
    await expect.poll(() => verify(principalOf(0)), { timeout: 5_000 }).toMatchObject({ kind: 'present' });
    await release(principalOf(0));
    expect((await product.logIn(nameOf(0))).code).toBe(0);
  });

  it('changes one bit, and what an administrator changes meanwhile stays', async () => {
    await product.setBits(nameOf(2), MORE_BITS);
    await apply(principalOf(2));
    expect(await product.bitsOf(nameOf(2))).toBe(MORE_BITS | DISABLED);
    await product.setBits(nameOf(2), NORMAL | 0x10000 | DISABLED);
    await release(principalOf(2));
    expect(await product.bitsOf(nameOf(2))).toBe(NORMAL | 0x10000);
  });

  it('loses no bit that an administrator sets between the look and the write', async () => {
    const between = await interpose({ host: '127.0.0.1', port: behind.port }, () =>
      product.setBits(nameOf(2), MORE_BITS),
    );
    const front = await takeTlsOff(product.certificate, () => ({ host: '127.0.0.1', port: between.port }));
    const slow = open({ url: `ldaps://localhost:${front.port}` });
    expect(await slow.apply(callOf(principalOf(2)), calm())).toMatchObject({ kind: 'done' });
    expect(await product.bitsOf(nameOf(2))).toBe(MORE_BITS | DISABLED);
    await slow.close();
    await front.close();
    await between.close();
  });

  it('loses no change that is made at the same time', async () => {
    const names = Array.from({ length: 4 }, (_, index) => index + 3);
    for (let round = 0; round < 5; round += 1) {
      const bits = round % 2 === 0 ? MORE_BITS : NORMAL;
      await Promise.all([
        ...names.map((index) => apply(principalOf(index))),
        ...names.map((index) => product.as('ldapsearch', ['-b', dnOf(nameOf(index)), '1.1'])),
        product.setBits(nameOf(3), bits),
      ]);
      // Whichever came last: the other bits are the administrator's.
      expect((await product.bitsOf(nameOf(3))) & ~DISABLED).toBe(bits);
      await apply(principalOf(3));
      expect(await product.bitsOf(nameOf(3))).toBe(bits | DISABLED);
      for (const index of names) await release(principalOf(index));
    }
  });

  it('finds who was renamed, and does not say of one who was moved out of the base that he is free', async () => {
    const look = await verify(principalOf(9));
    const kept = { note: String(look && 'note' in look && look.note) };
    const his = callOf(principalOf(9), kept);
    expect(kept.note).toMatch(/[0-9a-f]{32}/);
    await apply(principalOf(9));
    const named = (principal: string): Promise<void> =>
      product.modify(
        `dn: ${dnOf(nameOf(9))}\nchangetype: modify\nreplace: userPrincipalName\nuserPrincipalName: ${principal}\n`,
      );
    await named('married@ad.example');
    expect(await verify(principalOf(9)), 'by the name nobody is found').toMatchObject({ kind: 'absent' });
    expect(await connector.verify?.(his, calm())).toMatchObject({ kind: 'present' });
    const moved = (from: string, to: string): Promise<void> =>
      product.modify(`dn: ${from}\nchangetype: modrdn\nnewrdn: CN=${nameOf(9)}\ndeleteoldrdn: 1\nnewsuperior: ${to}\n`);
    const [, staff = '', domain = ''] = /^[^,]+,((?:OU=[^,]+,)+(.*))$/.exec(dnOf(nameOf(9))) ?? [];
    await moved(dnOf(nameOf(9)), `CN=Users,${domain}`);
    expect(await connector.verify?.(his, calm())).toMatchObject({ kind: 'unknown', fault: 'ours' });
    expect(await connector.release(his, calm())).toMatchObject({ kind: 'unavailable', fault: 'ours' });
    await moved(`CN=${nameOf(9)},CN=Users,${domain}`, staff);
    expect(await connector.release(his, calm())).toMatchObject({ kind: 'done' });
    expect(await product.bitsOf(nameOf(9))).toBe(NORMAL);
    await named(principalOf(9));
    expect((await product.logIn(nameOf(9))).code).toBe(0);
  });

  it('is seen where an administrator disabled a user before, and put back where he enables one', async () => {
    await product.setBits(nameOf(7), NORMAL | DISABLED);
    expect(await verify(principalOf(7))).toMatchObject({ kind: 'present' });
    await apply(principalOf(8));
    await product.setBits(nameOf(8), NORMAL);
    expect(await verify(principalOf(8))).toMatchObject({ kind: 'absent' });
    await apply(principalOf(8));
    expect((await product.logIn(nameOf(8))).code).toBe(49);
    const listed = await connector.list?.(TENANT, calm());
    expect(new Map(listed?.map(({ target, foreign }) => [target.value, foreign]))).toEqual(
      new Map([
        [principalOf(7), true],
        [principalOf(8), true],
      ]),
    );
  });

  it('takes nobody in a list for ours: whoever is disabled by an administrator after our release stays so', async () => {
    await apply(principalOf(8));
    await release(principalOf(8));
    await product.setBits(nameOf(8), NORMAL | DISABLED);
    expect(await connector.list?.(TENANT, calm())).toMatchObject([
      { target: { value: principalOf(8) }, foreign: true },
    ]);
  });

  it('never disables its own account, however its name is written', async () => {
    for (const bindDn of [BIND_DN, 'cn=\\49NTERDICT, cn=users, dc=ad ,dc=example']) {
      const wide = open({ base: 'DC=ad,DC=example', userAttribute: 'sAMAccountName', bindDn });
      expect(await wide.apply(callOf('interdict'), calm())).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('the account of Interdict itself'),
      });
      expect(await wide.verify?.(callOf('interdict'), calm())).toMatchObject({ kind: 'absent' });
      await wide.close();
    }
  });

  it('finds no computers, and nobody by wildcards or in other letters', async () => {
    const wide = open({ base: 'DC=ad,DC=example', userAttribute: 'sAMAccountName' });
    for (const name of [
      'dc1$',
      '*',
      'sample-*',
      'sämple-0',
      'sample-0\0',
      'sample-0)(cn=*',
      'SAMPLE-0',
      'adex\\sample-0',
    ]) {
      expect(await wide.apply(callOf(name), calm()), name).toMatchObject({ kind: 'refused' });
    }
    expect(await product.search('(userAccountControl:1.2.840.113556.1.4.803:=2)', '1.1')).toEqual([]);
    await wide.close();
  });

  it('says what to do where Samba wants TLS, where the password is wrong, and where the rights are missing', async () => {
    const clear = await passOn({ host: product.address, port: 389 });
    const cases: readonly [object, RegExp][] = [
      [{ url: `ldap://127.0.0.1:${clear.port}`, ca: undefined }, /\(8: .*encryption required\.?\)\. Use ldaps/],
      [{ bindDn: 'CN=nobody,DC=ad,DC=example' }, /\(49: .*Check bindDn/],
    ];
    for (const [changes, words] of cases) {
      const wrong = open(changes as Record<string, unknown>);
      const answer = await wrong.apply(callOf(principalOf(0)), calm());
      expect(answer).toMatchObject({ kind: 'unavailable', fault: 'ours', message: expect.stringMatching(words) });
      await wrong.close();
    }
    const wide = open({ base: 'DC=ad,DC=example', userAttribute: 'sAMAccountName' });
    const answer = await wide.apply(callOf('krbtgt'), calm());
    expect(answer).toMatchObject({ kind: 'done' });
    const admin = await wide.apply(callOf('administrator'), calm());
    expect(admin).toMatchObject({
      kind: 'unavailable',
      fault: 'ours',
      message: expect.stringContaining('the right to write'),
    });
    await wide.close();
    await clear.close();
  });

  it('does by StartTLS too', async () => {
    const clear = await passOn({ host: product.address, port: 389 });
    const started = open({ url: `ldap://localhost:${clear.port}`, startTls: true });
    expect(await started.apply(callOf(principalOf(0)), calm())).toMatchObject({ kind: 'done' });
    expect((await product.logIn(nameOf(0))).code).toBe(49);
    await started.close();
    await clear.close();
  });

  it('may write userAccountControl of these users, and nothing else', async () => {
    const change = (attribute: string, value: string) =>
      product.as(
        'ldapmodify',
        [],
        `dn: ${dnOf(nameOf(9))}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n`,
      );
    expect((await change('userAccountControl', `${NORMAL}`)).code).toBe(0);
    for (const [attribute, value] of [
      ['description', 'x'],
      ['userPassword', 'mine-now'],
      ['unicodePwd:', Buffer.from('"mine-now"', 'utf16le').toString('base64')],
      ['accountExpires', '1'],
    ] as const) {
      expect((await change(attribute, value)).code, attribute).not.toBe(0);
    }
    expect((await product.logIn(nameOf(9))).code).toBe(0);
  });

  it(`disables and lists ${MANY} users, by pages`, { timeout: 120_000 }, async () => {
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: MANY }, (_, index) =>
        connector.apply(callOf(principalOf(index)), AbortSignal.timeout(100_000)),
      ),
    );
    console.log(`${MANY} users of Samba: disabled in ${Math.round(performance.now() - begun)} ms`);
    expect(answers.every(({ kind }) => kind === 'done')).toBe(true);
    const inForce = await product.search('(userAccountControl:1.2.840.113556.1.4.803:=2)', '1.1');
    expect(inForce).toHaveLength(MANY);
    expect(await connector.list?.(TENANT, calm())).toHaveLength(MANY);
  });
});
