import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Call, Connector, Presence } from '../connector.ts';
import { aCall, inHours } from '../testing/call-builder.ts';
import { ldap } from './connector.ts';
import { interpose } from './testing/interposer.ts';
import { type OpenLdap, startOpenLdap, userDn, userLdif } from './testing/openldap-product.ts';
import { NO_PORTS, openLdapKeys, TENANT } from './testing/openldap-under-test.ts';

const calm = (): AbortSignal => AbortSignal.timeout(10_000);
const callOf = (value: string, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT, action: 'DisableUser', target: { kind: 'user', value } }, changes);
const PAST = '20200101000000Z';
const PERMANENT = '000001010000Z';
/** What means something in filters or in names, and is plain text here. */
const STRANGE = [
  'star*',
  '(paren)',
  'back\\slash',
  'com,ma',
  'pl+us',
  'qu"ote',
  '<ang>le',
  'semi;colon',
  'ha#sh',
  'eq=uals',
];

describe.skipIf(!requirement('openldap').ok)('the connector ldap on OpenLDAP', () => {
  let product: OpenLdap;
  let connector: Connector;
  const open = (changes: Readonly<Record<string, unknown>> = {}): Connector =>
    ldap.open({ name: 'directory', own: { ...openLdapKeys(product.port), ...changes } }, NO_PORTS);
  const apply = (call: Call) => connector.apply(call, calm());
  const release = (call: Call) => connector.release(call, calm());
  const verify = async (call: Call): Promise<Presence> => {
    if (!connector.verify) throw new Error('It has no verify.');
    return connector.verify(call, calm());
  };
  const logsIn = async (name: string): Promise<boolean> => {
    const { code, stderr } = await product.logIn(name);
    expect(code, stderr).toBeOneOf([0, 49]);
    return code === 0;
  };

  beforeAll(async () => {
    const twice = ['cn=one', 'cn=two'].map(
      (rdn) => `dn: ${rdn},ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twice
sn: T
`,
    );
    product = await startOpenLdap({ users: 10, more: [...STRANGE.map(userLdif), ...twice].join('\n') });
  });
  afterAll(() => product?.stop());
  beforeEach(async () => {
    await product.clear();
    connector = open();
  });
  afterEach(() => connector.close());

  it('refuses logins before it says done, and lets in again after the release', async () => {
    expect(await logsIn('sample-0')).toBe(true);
    expect(await apply(callOf('sample-0'))).toMatchObject({ kind: 'done', level: 'reported' });
    expect(await logsIn('sample-0')).toBe(false);
    expect(await logsIn('sample-1')).toBe(true);
    expect(await verify(callOf('sample-0'))).toMatchObject({ kind: 'present' });
    expect(await release(callOf('sample-0'))).toMatchObject({ kind: 'done' });
    expect(await logsIn('sample-0')).toBe(true);
  });

  it('holds over a restart of slapd, and where a password is set anew', async () => {
    await apply(callOf('sample-0'));
    await product.restart();
    await product.setValue('sample-0', 'another-pw', 'userPassword');
    expect((await product.logIn('sample-0', 'another-pw')).code).toBe(49);
    expect(await verify(callOf('sample-0'))).toMatchObject({ kind: 'present' });
    await release(callOf('sample-0'));
    expect((await product.logIn('sample-0', 'another-pw')).code).toBe(0);
    await product.setValue('sample-0', 'sample-0-pw', 'userPassword');
  });

  it('lets in again by itself once the end and the grace are over', async () => {
    const ended = open({ grace: 'PT1M' });
    const call = callOf('sample-0', { expirationDateTime: new Date(Date.now() - 58_000).toISOString() });
    await ended.apply(call, calm());
    expect(await logsIn('sample-0')).toBe(false);
    await expect.poll(() => logsIn('sample-0'), { timeout: 5_000, interval: 100 }).toBe(true);
    expect(await verify(call)).toMatchObject({ kind: 'absent' });
    await ended.close();
  });

  describe('a user who is not what he was', () => {
    const OURS = { fault: 'ours' };
    const rename = (from: string, to: string, parent = ''): Promise<void> =>
      product.modify(
        `dn: ${from}\nchangetype: modrdn\nnewrdn: ${to}\ndeleteoldrdn: 1\n${parent && `newsuperior: ${parent}\n`}`,
      );
    const MOVED = 'uid=sample-7,ou=services,dc=example,dc=org';

    /** Disables one, as the dispatcher does: what is noted goes with every later call. */
    async function disable(name: string): Promise<{ readonly note: string }> {
      const look = await verify(callOf(name));
      const note = String('note' in look && look.note);
      expect(await apply(callOf(name, { note }))).toMatchObject({ kind: 'done' });
      return { note };
    }

    it('and was renamed is found by who he is', async () => {
      const kept = await disable('sample-7');
      await rename(userDn('sample-7'), 'uid=married');
      expect(await verify(callOf('sample-7', kept))).toMatchObject({ kind: 'present' });
      expect(await release(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('married')).toBeUndefined();
      expect(await verify(callOf('sample-7', kept))).toMatchObject({ kind: 'absent' });
      await rename(userDn('married'), 'uid=sample-7');
      expect(await logsIn('sample-7')).toBe(true);
    });

    it('and whose name is another’s by now: that one is left alone', async () => {
      const kept = await disable('sample-7');
      await rename(userDn('sample-7'), 'uid=married');
      await rename(userDn('sample-8'), 'uid=sample-7');
      expect(await apply(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('sample-7')).toBeUndefined();
      expect(await release(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('married')).toBeUndefined();
      await rename(userDn('sample-7'), 'uid=sample-8');
      await rename(userDn('married'), 'uid=sample-7');
    });

    it('and whom an administrator had disabled before is the one who was looked at, whoever has his name by then', async () => {
      await product.setValue('sample-7', '20991231000000Z');
      const look = await verify(callOf('sample-7'));
      const kept = { note: String('note' in look && look.note) };
      expect(look).toMatchObject({
        kind: 'present',
        foreign: true,
        note: expect.stringMatching(/"id":"[0-9a-f-]{36}"/),
      });
      await rename(userDn('sample-7'), 'uid=leaver');
      await rename(userDn('sample-8'), 'uid=sample-7');
      expect(await verify(callOf('sample-7', kept))).toMatchObject({ kind: 'present', foreign: true });
      expect(await apply(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('sample-7')).toBeUndefined();
      await rename(userDn('sample-7'), 'uid=sample-8');
      await rename(userDn('leaver'), 'uid=sample-7');
    });

    it('and was moved out of the base, or deleted, is not said to be free', async () => {
      const kept = await disable('sample-7');
      await rename(userDn('sample-7'), 'uid=sample-7', 'ou=services,dc=example,dc=org');
      expect(await verify(callOf('sample-7', kept))).toMatchObject({ kind: 'unknown', ...OURS });
      expect(await apply(callOf('sample-7', kept))).toMatchObject({ kind: 'unavailable', ...OURS });
      expect(await release(callOf('sample-7', kept))).toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('enable him by hand'),
        ...OURS,
      });
      await rename(MOVED, 'uid=sample-7', 'ou=people,dc=example,dc=org');
      expect(await release(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await logsIn('sample-7')).toBe(true);
    });

    it.each([
      ['the attribute that disables', 'pwdStartTime', /50 to a compare.*may read|50 to a compare.*read/],
      ['who he is', 'entryUUID', /does not show entryUUID|enable him by hand/],
      ['his name and all', 'entry', /.*/],
    ])('and of whom %s may not be read any more is not said to be free', async (_, attribute, words) => {
      const kept = await disable('sample-7');
      await product.forbid(attribute);
      const seen = await verify(callOf('sample-7', kept));
      const released = await release(callOf('sample-7', kept));
      await product.forbid(undefined);
      expect(seen).toMatchObject({ kind: 'unknown', message: expect.stringMatching(words), ...OURS });
      expect(released).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(words), ...OURS });
      expect(await release(callOf('sample-7', kept))).toMatchObject({ kind: 'done' });
      expect(await logsIn('sample-7')).toBe(true);
    });
  });

  describe('what others wrote', () => {
    it("leaves ppolicy's own lock after wrong passwords as it is", async () => {
      for (let round = 0; round < 3; round += 1) await product.logIn('sample-2', 'wrong');
      const locked = await product.valueOf('sample-2', 'pwdAccountLockedTime');
      expect(locked).toMatch(/^20/);
      expect(await verify(callOf('sample-2'))).toMatchObject({ kind: 'absent' });
      await apply(callOf('sample-2'));
      await release(callOf('sample-2'));
      expect(await product.valueOf('sample-2', 'pwdAccountLockedTime')).toBe(locked);
      expect(await logsIn('sample-2')).toBe(false);
    });

    it('leaves the permanent lock of an administrator, set before or meanwhile', async () => {
      await product.setValue('sample-2', PERMANENT, 'pwdAccountLockedTime');
      for (const name of ['sample-2', 'sample-3']) expect(await apply(callOf(name))).toMatchObject({ kind: 'done' });
      await product.setValue('sample-3', PERMANENT, 'pwdAccountLockedTime');
      for (const name of ['sample-2', 'sample-3']) {
        await release(callOf(name));
        expect(await product.valueOf(name, 'pwdAccountLockedTime')).toBe(PERMANENT);
        expect(await logsIn(name)).toBe(false);
      }
    });

    it('brings a start that had passed back, though every answer was lost', async () => {
      await product.setValue('sample-4', PAST);
      const look = await verify(callOf('sample-4'));
      expect(look).toMatchObject({ kind: 'absent', note: expect.stringContaining(PAST) });
      const note = String('note' in look && look.note);
      await apply(callOf('sample-4'));
      const again = open();
      expect(await again.apply(callOf('sample-4', { note, expirationDateTime: inHours(3) }), calm())).toEqual({
        kind: 'done',
        level: 'reported',
      });
      expect(await verify(callOf('sample-4', { note })), 'ours is not taken for what was there').toEqual({
        kind: 'present',
      });
      await again.release(callOf('sample-4', { note }), calm());
      expect(await product.valueOf('sample-4')).toBe(PAST);
      expect(await again.release(callOf('sample-4', { note }), calm())).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('sample-4')).toBe(PAST);
      await again.close();
    });

    it('notes with the apply what came between the look and it, and forgets what was taken away', async () => {
      await product.setValue('sample-4', PAST);
      const applied = await apply(callOf('sample-4'));
      expect(applied).toMatchObject({ kind: 'done', note: expect.stringContaining(PAST) });
      const note = String('note' in applied && applied.note);
      await product.setValue('sample-4', undefined);
      const look = await verify(callOf('sample-4', { note }));
      const later = String('note' in look && look.note);
      expect(look).toMatchObject({ kind: 'absent', note: expect.not.stringContaining(PAST) });
      await apply(callOf('sample-4', { note: later }));
      await release(callOf('sample-4', { note: later }));
      expect(await product.valueOf('sample-4')).toBeUndefined();
    });

    it('lets in where the note is missing, and believes no note that is none', async () => {
      for (const note of [
        undefined,
        'hostile\n',
        'null',
        '[]',
        '"x"',
        '{"id":7,"was":"20200101000000.4944Z"}',
        '{"was":"no\\ntime"}',
      ]) {
        await apply(callOf('sample-4'));
        await release(callOf('sample-4', { ...(note !== undefined && { note }) }));
        expect(await product.valueOf('sample-4'), note).toBeUndefined();
      }
    });

    it('sees the start that an administrator set as his, and never touches it', async () => {
      const his = '20991231000000Z';
      await product.setValue('sample-5', his);
      expect(await verify(callOf('sample-5'))).toMatchObject({ kind: 'present', foreign: true });
      expect(await apply(callOf('sample-5'))).toMatchObject({ kind: 'done' });
      expect(await release(callOf('sample-5'))).toMatchObject({ kind: 'done' });
      expect(await product.valueOf('sample-5')).toBe(his);
      expect(await connector.list?.(TENANT, calm())).toEqual([
        { action: 'DisableUser', target: { kind: 'user', value: 'sample-5' }, foreign: true },
      ]);
    });

    it('leaves the value that an administrator set over ours, and puts back what he took away', async () => {
      await apply(callOf('sample-6'));
      await product.setValue('sample-6', undefined);
      expect(await verify(callOf('sample-6'))).toMatchObject({ kind: 'absent' });
      await apply(callOf('sample-6'));
      expect(await logsIn('sample-6')).toBe(false);
      await product.setValue('sample-6', '20981231000000Z');
      expect(await verify(callOf('sample-6'))).toMatchObject({ kind: 'present', foreign: true });
      await release(callOf('sample-6'));
      expect(await product.valueOf('sample-6')).toBe('20981231000000Z');
    });

    it.each([
      ['a start that has passed', undefined, PAST, /\.4944Z$/, PAST],
      ['another start that has passed', '20190101000000Z', PAST, /\.4944Z$/, PAST],
      ['a start ahead', undefined, '20991231000000Z', /^20991231000000Z$/, undefined],
    ])('is not overwritten unread where it is written between the look and the write: %s', async (...terms) => {
      const [, first, his, value, note] = terms;
      await product.setValue('sample-9', first);
      const between = await interpose({ host: '127.0.0.1', port: product.port }, () =>
        product.setValue('sample-9', his),
      );
      const slow = open({ url: `ldap://127.0.0.1:${between.port}` });
      const answer = await slow.apply(callOf('sample-9'), calm());
      expect(answer).toMatchObject({
        kind: 'done',
        level: 'reported',
        ...(note && { note: expect.stringContaining(note) }),
      });
      expect(await product.valueOf('sample-9')).toMatch(value);
      await slow.close();
      await between.close();
    });

    it('is not lost when both write at once', async () => {
      const calls = Array.from({ length: 40 }, (_, index) => callOf(`sample-${index % 4}`));
      const writes = Array.from({ length: 20 }, (_, index) => product.setValue(`sample-${index % 4}`, PAST));
      const answers = await Promise.all([...calls.map(apply), ...writes]);
      for (const answer of answers) if (answer) expect(answer.kind).toBeOneOf(['done', 'unavailable']);
      for (let index = 0; index < 4; index += 1) {
        const value = await product.valueOf(`sample-${index}`);
        expect(value).toMatch(/\.4944Z$|^20200101000000Z$/);
      }
    });
  });

  describe('whom a target means', () => {
    it.each(STRANGE)('takes %s as plain text', async (name) => {
      expect(await apply(callOf(name))).toMatchObject({ kind: 'done', level: 'reported' });
      const inForce = (await product.search('(pwdStartTime=*)', 'uid')).map((entry) => entry.get('uid')?.[0]);
      expect(inForce).toEqual([name]);
      expect(await connector.list?.(TENANT, calm())).toMatchObject([{ target: { value: name }, foreign: false }]);
      await release(callOf(name));
      expect(await product.valueOf(name)).toBeUndefined();
    });

    it.each([
      '*',
      'sample-*',
      '*)(uid=*',
      'x)(|(uid=*',
      '\0',
      'sample-0\0',
      'sample-0\n',
      '',
      '\ud800',
      'a'.repeat(255),
      'sample-0.',
      'SAMPLE-0',
      'sample-0 ',
      ' sample-0',
    ])('finds nobody by %j', async (name) => {
      expect(await apply(callOf(name))).toMatchObject({ kind: 'refused', message: expect.stringContaining('no user') });
      expect(await verify(callOf(name))).toMatchObject({ kind: 'absent' });
      expect(await release(callOf(name))).toMatchObject({ kind: 'done' });
      expect(await product.search('(pwdStartTime=*)', 'uid')).toEqual([]);
    });

    it('refuses a name that two entries have', async () => {
      expect(await apply(callOf('twice'))).toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('several'),
      });
      expect(await verify(callOf('twice'))).toMatchObject({ kind: 'absent' });
      await product.modify(
        'dn: cn=two,ou=people,dc=example,dc=org\nchangetype: modify\nadd: pwdStartTime\npwdStartTime: 20991231000000Z\n',
      );
      expect(await verify(callOf('twice'))).toMatchObject({ kind: 'unknown' });
      expect(await release(callOf('twice'))).toMatchObject({ kind: 'unavailable' });
    });
  });

  describe('the account of Interdict', () => {
    const change = (name: string, attribute: string, value: string) =>
      product.as(
        'ldapmodify',
        [],
        `dn: ${userDn(name)}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n`,
      );

    it('may write pwdStartTime of people, and nothing else', async () => {
      expect((await change('sample-8', 'pwdStartTime', PAST)).code).toBe(0);
      for (const [attribute, value] of [
        ['userPassword', 'mine-now'],
        ['pwdAccountLockedTime', PERMANENT],
        ['uid', 'sample-9'],
        ['cn', 'Changed'],
      ] as const) {
        expect((await change('sample-8', attribute, value)).code, attribute).toBe(50);
      }
      expect(await logsIn('sample-8')).toBe(true);
    });

    it('may read names and that attribute, and no password', async () => {
      const { stdout } = await product.as('ldapsearch', ['-LLL', '-b', userDn('sample-8'), '(uid=*)', '*', '+']);
      expect(stdout).toContain('uid: sample-8');
      expect(stdout).not.toMatch(/userPassword|pwdFailureTime|^cn:|^sn:/m);
    });
  });
});
