import type { Target } from '@interdict/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Call, Connector, Effect } from '../connector.ts';
import { aCall, inHours, TENANT_A, TENANT_B } from '../testing.ts';
import { nftables } from './connector.ts';
import { CLIENT, createGateway, type Gateway, SERVER } from './testing/gateway.ts';
import { createNftDouble, type NftDouble } from './testing/nft-double.ts';
import { NO_PORTS, putForeign } from './testing/nftables-under-test.ts';

const canRun = requirement('nftables');

const block = (value: string, tenantId = TENANT_A): Effect => {
  const kind: Target['kind'] = value.includes('/') ? 'cidr' : 'ip';
  return { tenantId, action: 'BlockIp', target: { kind, value } };
};

const calm = (): AbortSignal => new AbortController().signal;

describe.skipIf(!canRun.ok)('nftables on a gateway, seen by a real client', () => {
  let gateway: Gateway;
  let nft: NftDouble;
  let connector: Connector;

  const open = (own: Record<string, unknown> = {}): Connector =>
    nftables.open({ name: 'edge', own: { nft: nft.nft, ...own } }, NO_PORTS);
  const applied = async (effect: Effect, on = connector): Promise<void> => {
    expect(await on.apply(aCall(effect), calm())).toEqual({ kind: 'done', level: 'reported' });
  };
  const released = async (effect: Effect, on = connector): Promise<void> => {
    expect(await on.release(aCall(effect), calm())).toEqual({ kind: 'done', level: 'reported' });
  };
  const look = (effect: Effect, on = connector) => on.verify?.(aCall(effect), calm());
  const administrator = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await nft.run(...args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout;
  };
  /** What the rules that drop have counted, as an administrator sees it. */
  const dropped = async (): Promise<number> => {
    const lines = (await administrator('list', 'table', 'inet', 'interdict')).split('\n');
    const rules = lines.filter((line) => line.includes(' drop ')).map((line) => line.trim());
    console.log(rules.filter((rule) => !rule.includes('packets 0 ')).join('\n'));
    return rules.reduce((sum, rule) => sum + Number(/packets (\d+)/.exec(rule)?.[1]), 0);
  };
  const flows = async (address: string): Promise<void> => {
    const { sent, echoed } = await gateway.probe(address);
    expect(echoed).toBe(sent);
  };
  const isCut = async (address: string): Promise<void> => {
    expect((await gateway.probe(address)).echoed).toBe(0);
  };

  beforeAll(async () => {
    gateway = await createGateway();
  });
  afterAll(() => gateway?.remove());
  beforeEach(async () => {
    nft = await createNftDouble([...gateway.namespace.enter, 'nft']);
    connector = open();
  });
  afterEach(async () => {
    await connector.close();
    await administrator('flush', 'ruleset');
    nft.remove();
  });

  test.each([
    ['an IPv4 address', SERVER.v4, SERVER.v4],
    ['an IPv4 network', '203.0.113.0/24', SERVER.v4],
    ['an IPv6 address', SERVER.v6, SERVER.v6],
    ['an IPv6 network', '2001:db8:2::/64', SERVER.v6],
    ['the source of the traffic', CLIENT.v4, SERVER.v4],
    ['a network around the source', '198.51.100.0/29', SERVER.v4],
  ])('%s: every datagram is dropped and counted, and passes after the release', async (_, target, to) => {
    await flows(to);
    await applied(block(target));
    expect(await look(block(target))).toEqual({ kind: 'present' });
    const before = await gateway.arrived();
    const { sent, echoed } = await gateway.probe(to);
    expect({ echoed, arrived: (await gateway.arrived()) - before }).toEqual({ echoed: 0, arrived: 0 });
    expect(await dropped()).toBe(sent);
    await released(block(target));
    expect(await look(block(target))).toEqual({ kind: 'absent' });
    await flows(to);
  });

  test('traffic with others goes on', async () => {
    await applied(block('203.0.113.8'));
    await applied(block('203.0.113.16/28'));
    await applied(block('2001:db8:3::/48'));
    await flows(SERVER.v4);
    await flows(SERVER.v6);
  });

  test('a connection that stands stops carrying data, and goes on after the release', async () => {
    await administrator('add', 'table', 'inet', 'host');
    await administrator('add', 'chain', 'inet', 'host', 'forward', '{ type filter hook forward priority filter; }');
    await administrator('add', 'rule', 'inet', 'host', 'forward', 'ct', 'state', 'established,related', 'accept');
    await gateway.order({ kind: 'connect', address: SERVER.v4 });
    expect(await gateway.order({ kind: 'say', text: 'before', withinMs: 2_000 })).toMatchObject({ isHeard: true });
    await applied(block(SERVER.v4));
    expect(await gateway.order({ kind: 'say', text: 'during', withinMs: 700 })).toMatchObject({ isHeard: false });
    await released(block(SERVER.v4));
    expect(await gateway.order({ kind: 'say', text: 'after', withinMs: 10_000 })).toMatchObject({ isHeard: true });
  });

  test("the release for one tenant does not lift another's block", async () => {
    const [ours, theirs] = [block(SERVER.v4, TENANT_A), block(SERVER.v4, TENANT_B)];
    await applied(ours);
    await applied(theirs);
    await released(ours);
    expect([await look(ours), await look(theirs)]).toEqual([{ kind: 'absent' }, { kind: 'present' }]);
    await isCut(SERVER.v4);
    await released(theirs);
    await flows(SERVER.v4);
  });

  test("an administrator's element, table and block survive apply and release", async () => {
    await administrator('add', 'table', 'inet', 'own');
    await administrator('add', 'set', 'inet', 'own', 'theirs', '{ type ipv4_addr; elements = { 192.0.2.66 }; }');
    const theirs = block('192.0.2.77');
    await putForeign(nft, theirs);
    expect(await look(theirs)).toEqual({ kind: 'present', foreign: true });
    await applied(theirs);
    await applied(block(SERVER.v4));
    await released(theirs);
    await released(block(SERVER.v4));
    expect(await look(theirs)).toEqual({ kind: 'present', foreign: true });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([
      { action: 'BlockIp', target: theirs.target, foreign: true },
    ]);
    expect(await administrator('list', 'set', 'inet', 'own', 'theirs')).toContain('192.0.2.66');
  });

  test('no datagram passes while later ends are told', async () => {
    await applied(block(SERVER.v4));
    const before = await gateway.arrived();
    await gateway.order({ kind: 'startUdp', address: SERVER.v4, perSecond: 4_000 });
    for (let hours = 2; hours < 22; hours += 1) {
      const call = aCall(block(SERVER.v4), { expirationDateTime: inHours(hours) });
      expect((await connector.apply(call, calm())).kind).toBe('done');
    }
    const { sent = 0, echoed } = await gateway.order({ kind: 'stopUdp', after: 0 });
    console.log(`20 later ends under ${sent} datagrams: ${echoed} passed.`);
    expect(sent).toBeGreaterThan(1_000);
    expect({ echoed, arrived: (await gateway.arrived()) - before }).toEqual({ echoed: 0, arrived: 0 });
    expect(await administrator('list', 'table', 'inet', 'interdict')).toMatch(/timeout 22h |timeout 21h59m\d+s /);
  });

  test('10,000 targets are blocked in a few runs of nft, and released likewise', async () => {
    const calls = Array.from({ length: 10_000 }, (_, index) => aCall(block(`100.64.${index >> 8}.${index & 255}`)));
    const timed = async (send: (call: Call, signal: AbortSignal) => Promise<{ kind: string } | undefined>) => {
      const signals = calls.map(calm);
      const [start, runs] = [performance.now(), nft.runs()];
      const answers = await Promise.all(calls.map((call, index) => send(call, signals[index] ?? calm())));
      const ms = performance.now() - start;
      return { kinds: [...new Set(answers.map((answer) => answer?.kind))], runs: nft.runs() - runs, ms };
    };
    const apply = await timed((call, signal) => connector.apply(call, signal));
    const verify = await timed(async (call, signal) => connector.verify?.(call, signal));
    const release = await timed((call, signal) => connector.release(call, signal));
    for (const [name, { runs, ms }] of Object.entries({ apply, verify, release })) {
      console.log(`10,000 targets: ${name} took ${Math.round(ms)} ms and ${runs} runs of nft.`);
    }
    expect(apply).toMatchObject({ kinds: ['done'], runs: 4 });
    expect(verify).toMatchObject({ kinds: ['present'], runs: 1 });
    expect(release).toMatchObject({ kinds: ['done'], runs: 6 });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
  });

  test('one block is one run of nft once its set is known, and so is one look', async () => {
    await applied(block('192.0.2.1'));
    const before = nft.runs();
    await applied(block('192.0.2.2'));
    expect(nft.runs() - before).toBe(1);
    await look(block('192.0.2.2'));
    expect(nft.runs() - before).toBe(2);
    await look(block('192.0.2.3'));
    expect(nft.runs() - before).toBe(3);
  });

  test('what `nft flush ruleset` took away is seen to be gone, and made again', async () => {
    await applied(block(SERVER.v4));
    await administrator('flush', 'ruleset');
    await flows(SERVER.v4);
    expect(await look(block(SERVER.v4))).toEqual({ kind: 'absent' });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
    await applied(block(SERVER.v4));
    expect(await look(block(SERVER.v4))).toEqual({ kind: 'present' });
    await isCut(SERVER.v4);
  });

  test.each([
    ['flush', 'table', 'inet', 'interdict'],
    ['flush', 'chain', 'inet', 'interdict', 'judge'],
    ['insert', 'rule', 'inet', 'interdict', 'sources', 'accept'],
    ['insert', 'rule', 'inet', 'interdict', 'on_forward', 'accept'],
    ['add', 'table', 'inet', 'interdict', '{ flags dormant; }'],
    ['delete', 'chain', 'inet', 'interdict', 'on_forward'],
  ])('rules that no longer drop are seen, and mended: nft %s %s %s %s', async (...change) => {
    const effects = [block(SERVER.v4), block(SERVER.v4, TENANT_B)];
    for (const effect of effects) await applied(effect);
    if (change[0] === 'delete') await administrator('flush', 'chain', 'inet', 'interdict', 'on_forward');
    await administrator(...change);
    for (const effect of effects) expect(await look(effect)).toEqual({ kind: 'absent' });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
    await applied(block(SERVER.v4));
    for (const effect of effects) expect(await look(effect)).toEqual({ kind: 'present' });
    await isCut(SERVER.v4);
    await released(block(SERVER.v4));
    await isCut(SERVER.v4);
  });

  test('an entry whose release was not done is not absent because its rules are gone', async () => {
    await applied(block(SERVER.v4));
    await administrator('flush', 'table', 'inet', 'interdict');
    await nft.setFault('hang');
    const abort = new AbortController();
    const answer = connector.release(aCall(block(SERVER.v4)), abort.signal);
    abort.abort();
    expect((await answer).kind).toBeOneOf(['unknown', 'unavailable']);
    await nft.setFault(undefined);
    expect((await look(block(SERVER.v4)))?.kind).toBe('unknown');
    await released(block(SERVER.v4));
    expect(await look(block(SERVER.v4))).toEqual({ kind: 'absent' });
  });

  test('what `never` lists is refused, and passes whatever others put into the sets', async () => {
    const careful = open({ never: [SERVER.v4, '2001:db8:2::/48'] });
    for (const target of [SERVER.v4, '203.0.113.0/24', SERVER.v6, '2001:db8:2::/64']) {
      expect((await careful.apply(aCall(block(target)), calm())).kind, target).toBe('refused');
    }
    await applied(block('192.0.2.1'), careful);
    await putForeign(nft, block(SERVER.v4));
    await flows(SERVER.v4);
    expect((await look(block(SERVER.v4), careful))?.kind).toBe('unknown');
    expect((await careful.list?.(TENANT_A, calm()))?.map(({ target }) => target.value)).toEqual(['192.0.2.1']);
    await applied(block(CLIENT.v4), careful);
    await isCut(SERVER.v4);
    await careful.close();
  });

  test('a `never` that was changed is told to the kernel with the first block', async () => {
    const careful = open({ never: [SERVER.v4, '192.0.2.0/24'] });
    await applied(block('198.51.100.99'), careful);
    await careful.close();
    await applied(block(SERVER.v4));
    await isCut(SERVER.v4);
  });

  test('what the kernel has no room for does not harm its neighbours', async () => {
    const own = block('192.0.2.1');
    await putForeign(nft, own);
    const [name = ''] = /block4_32_[0-9a-f]{32}/.exec(await administrator('list', 'ruleset')) ?? [];
    const table = await administrator('list', 'table', 'inet', 'interdict');
    await administrator('delete', 'table', 'inet', 'interdict');
    const small = table
      .replace(`set ${name} {\n`, `set ${name} {\n size 3\n`)
      .replaceAll(/ counter packets \d+ bytes \d+/g, ' counter');
    await administrator(small);
    const targets = ['192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'].map((value) => block(value));
    const answers = await Promise.all(targets.map((target) => connector.apply(aCall(target), calm())));
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['done', 'done', 'unavailable', 'unavailable']);
    expect(await connector.list?.(TENANT_A, calm())).toHaveLength(3);
  });

  test('other writers of the ruleset do not disturb it, and are not disturbed', async () => {
    let isOver = false;
    const others = async (): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        await administrator('add', 'table', 'inet', `other${round}`);
        await administrator('delete', 'table', 'inet', `other${round}`);
      }
    };
    const disturbing = others();
    const effects = Array.from({ length: 20 }, (_, index) => block(`192.0.2.${index}`));
    try {
      for (const effect of effects) {
        await applied(effect);
        expect(await look(effect)).toEqual({ kind: 'present' });
      }
      for (const effect of effects) await released(effect);
    } finally {
      isOver = true;
      await disturbing;
    }
  });

  test('several connectors on one table make its sets at once', async () => {
    const many = Array.from({ length: 4 }, () => open());
    const effects = many.map((_, index) => block(`192.0.2.${index}`, index % 2 ? TENANT_A : TENANT_B));
    await Promise.all(effects.map((effect, index) => applied(effect, many[index])));
    for (const effect of effects) expect(await look(effect)).toEqual({ kind: 'present' });
    for (const one of many) await one.close();
  });

  test('an entry stays in the kernel for its time and the grace, and three years at most', async () => {
    const hasty = open({ grace: 'PT10M' });
    const ends = { '192.0.2.1': inHours(1), '192.0.2.2': inHours(-5), '192.0.2.3': inHours(24 * 365 * 4) };
    for (const [value, expirationDateTime] of Object.entries(ends)) {
      expect((await hasty.apply(aCall(block(value), { expirationDateTime }), calm())).kind).toBe('done');
    }
    const text = await administrator('list', 'table', 'inet', 'interdict');
    expect(text).toMatch(/192\.0\.2\.1 timeout 1h(10m|9m5\ds) /);
    expect(text).toMatch(/192\.0\.2\.2 timeout 10m /);
    expect(text).toMatch(/192\.0\.2\.3 timeout 1095d /);
    await hasty.close();
  });

  test('without CAP_NET_ADMIN every answer says what to grant', async () => {
    const poor = await createNftDouble([
      ...gateway.namespace.enter,
      ...[
        'setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        '--inh-caps=-all',
        '--bounding-set=-all',
        'nft',
      ],
    ]);
    const powerless = nftables.open({ name: 'edge', own: { nft: poor.nft } }, NO_PORTS);
    const grant = expect.stringContaining('AmbientCapabilities=CAP_NET_ADMIN');
    const call = aCall(block(SERVER.v4));
    expect(await powerless.apply(call, calm())).toEqual({ kind: 'unavailable', fault: 'ours', message: grant });
    expect(await powerless.release(call, calm())).toEqual({ kind: 'unavailable', fault: 'ours', message: grant });
    expect(await powerless.verify?.(call, calm())).toEqual({ kind: 'unknown', fault: 'ours', message: grant });
    await expect(powerless.list?.(TENANT_A, calm())).rejects.toThrow(/AmbientCapabilities/);
    await powerless.close();
    poor.remove();
  });

  test('CAP_NET_ADMIN is all that it needs', async () => {
    const lean = await createNftDouble([
      ...gateway.namespace.enter,
      ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      ...['--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin', 'nft'],
    ]);
    const modest = nftables.open({ name: 'edge', own: { nft: lean.nft } }, NO_PORTS);
    await applied(block(SERVER.v4), modest);
    expect(await look(block(SERVER.v4), modest)).toEqual({ kind: 'present' });
    await isCut(SERVER.v4);
    await released(block(SERVER.v4), modest);
    await flows(SERVER.v4);
    await modest.close();
    lean.remove();
  });

  test('a call that is killed in the middle is unknown, and the kernel says how it went', async () => {
    await applied(block('192.0.2.1'));
    await nft.setFault('lostAnswer');
    expect((await connector.apply(aCall(block(SERVER.v4)), calm())).kind).toBe('unknown');
    await nft.setFault(undefined);
    await vi.waitFor(async () => expect(await look(block(SERVER.v4))).toEqual({ kind: 'present' }));
  });
});
