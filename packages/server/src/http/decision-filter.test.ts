import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { readDecisionFilter } from './decision-filter.ts';

const OPENED = { providers: ['edge', 'Inner'], networks: true };
const LISTED = [
  'ip:203.0.113.9',
  'ip:2001:db8::9',
  'cidr:203.0.113.0/24',
  'cidr:203.0.0.0/16',
  'cidr:203.0.113.8/30',
  'cidr:2001:db8::/32',
];
const refusalOf = (asked: () => unknown): unknown => {
  try {
    return asked();
  } catch (error) {
    return error instanceof Refusal ? error : undefined;
  }
};
const left = (query: string): readonly string[] => {
  const { isWanted } = readDecisionFilter(query, OPENED);
  return LISTED.filter((target) => isWanted({ target, provider: 'edge', remainingMs: 1 }));
};

describe('what a bouncer asks about', () => {
  it.each([
    ['ip=203.0.113.9', ['ip:203.0.113.9', 'cidr:203.0.113.0/24', 'cidr:203.0.0.0/16', 'cidr:203.0.113.8/30']],
    ['ip=203.0.113.7', ['cidr:203.0.113.0/24', 'cidr:203.0.0.0/16']],
    ['ip=2001:DB8:0:0::0009', ['ip:2001:db8::9', 'cidr:2001:db8::/32']],
    ['ip=2001:0db8:0000::9', ['ip:2001:db8::9', 'cidr:2001:db8::/32']],
    ['ip=::ffff:203.0.113.9', ['ip:203.0.113.9', 'cidr:203.0.113.0/24', 'cidr:203.0.0.0/16', 'cidr:203.0.113.8/30']],
    ['ip=192.0.2.1', []],
    ['range=203.0.113.0/25', ['cidr:203.0.113.0/24', 'cidr:203.0.0.0/16']],
    ['range=203.0.113.0/24', ['cidr:203.0.113.0/24', 'cidr:203.0.0.0/16']],
    ['range=203.0.0.0/8', []],
    ['range=2001:db8:5::/48', ['cidr:2001:db8::/32']],
    ['ip=203.0.113.9&scopes=range', ['cidr:203.0.113.0/24', 'cidr:203.0.0.0/16', 'cidr:203.0.113.8/30']],
    ['value=203.0.113.9', ['ip:203.0.113.9']],
    ['value=203.0.0.0/16', ['cidr:203.0.0.0/16']],
    ['scopes=Ip', ['ip:203.0.113.9', 'ip:2001:db8::9']],
    ['origins=cscli', []],
    ['type=captcha', []],
    ['', LISTED],
    ['scopes=&ip=&whatever=x', LISTED],
  ])('%s', (query, wanted) => {
    expect(left(query)).toEqual(wanted);
  });

  it.each(['localhost', '203.0.113', '203.0.113.9/33', '2001:db8::g', '203.0.113.9;', '1'.repeat(300)])(
    'ip=%s is refused',
    (text) => {
      for (const name of ['ip', 'range']) {
        const asked = () => readDecisionFilter(`${name}=${encodeURIComponent(text)}`, OPENED);
        expect(refusalOf(asked)).toMatchObject({ code: 'badRequest', inner: 'invalidQueryOption', target: name });
      }
    },
  );
});

describe('a query that means to be slow', () => {
  it('is read once, however long it is', () => {
    const decision = { target: 'ip:203.0.113.9', provider: 'edge', remainingMs: 1 };
    for (const name of ['scenarios_not_containing', 'scenarios_containing', 'scopes', 'types', 'origins']) {
      const { isWanted } = readDecisionFilter(`${name}=${'x,'.repeat(4_000)}`, OPENED);
      const began = performance.now();
      for (let asked = 0; asked < 20_000; asked += 1) isWanted(decision);
      expect(performance.now() - began, name).toBeLessThan(200);
    }
  });

  it('says nothing twice', () => {
    const asked = () => readDecisionFilter('type=ban&type=ban', OPENED);
    expect(refusalOf(asked)).toMatchObject({ code: 'badRequest', inner: 'invalidQueryOption', target: 'type' });
  });
});

describe('what a bouncer leaves out', () => {
  it.each([
    ['scopes=ip', 'scopes'],
    ['startup=true&scope=range', 'scope'],
    ['scopes=ip,range', undefined],
    ['origins=cscli,interdict', undefined],
    ['origins=cscli', 'origins'],
    ['type=ban', undefined],
    ['types=captcha', 'types'],
    ['ip=203.0.113.9', 'ip'],
    ['scenarios_containing=interdict', undefined],
    ['scenarios_containing=edge', 'scenarios_containing'],
    ['scenarios_not_containing=ssh', undefined],
    ['scenarios_not_containing=inner', 'scenarios_not_containing'],
    ['dedup=true&additional_pull=false&community_pull=false', undefined],
  ])('%s', (query, option) => {
    expect(readDecisionFilter(query, OPENED).leavesOut).toBe(option);
  });

  it('is nothing where it asks for addresses alone and is told no others', () => {
    expect(readDecisionFilter('scopes=ip', { ...OPENED, networks: false }).leavesOut).toBeUndefined();
    expect(readDecisionFilter('scopes=range', { ...OPENED, networks: false }).leavesOut).toBe('scopes');
  });
});
