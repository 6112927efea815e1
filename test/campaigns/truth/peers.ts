/** How fast others block an address, by their own commands and on the same machine: what nftables is compared with. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createBouncerHost } from '../../../packages/connectors/src/crowdsec/testing/bouncer-host.ts';
import { startSeenCrowdsec } from '../../../packages/connectors/src/crowdsec/testing/seen-crowdsec.ts';
import { nftables } from '../../../packages/connectors/src/nftables/connector.ts';
import { layRoute } from '../../../packages/connectors/src/nftables/testing/seen-nftables.ts';
import { aCall, runProduct, TENANT_A } from '../../../packages/connectors/src/testing.ts';
import { nftScript } from './subject.ts';

const run = promisify(execFile);

interface Peer {
  ban(index: number): Promise<unknown>;
  isBlocked(index: number): Promise<boolean>;
  stop(): Promise<void>;
}

async function crowdsec(): Promise<Peer> {
  const seen = await startSeenCrowdsec();
  return { ban: seen.putForeign, isBlocked: seen.isBlocked, stop: seen.stop };
}

const JAIL = (folder: string): string => `[interdict]
enabled = true
filter = interdict
backend = polling
logpath = ${folder}/watched.log
action = nftables-allports[name=interdict, protocol=udp]
bantime = 1h
`;

/** Debian's configuration with one jail, whose log nobody writes. */
function configureFail2ban(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-fail2ban-'));
  cpSync('/etc/fail2ban', folder, { recursive: true });
  rmSync(path.join(folder, 'jail.d'), { recursive: true, force: true });
  mkdirSync(path.join(folder, 'jail.d'));
  writeFileSync(path.join(folder, 'watched.log'), '');
  writeFileSync(path.join(folder, 'filter.d', 'interdict.conf'), '[Definition]\nfailregex = ^never <HOST>$\n');
  writeFileSync(path.join(folder, 'jail.local'), JAIL(folder));
  writeFileSync(path.join(folder, 'fail2ban.local'), `[Definition]\ndbfile = None\nlogtarget = STDOUT\n`);
  return folder;
}

async function fail2ban(): Promise<Peer> {
  const [host, folder] = [await createBouncerHost(), configureFail2ban()];
  const [enter = '', ...before] = host.enter;
  const at = ['-c', folder, '-s', `${folder}/f2b.sock`, '-p', `${folder}/f2b.pid`];
  const client = (...args: string[]) => run(enter, [...before, 'fail2ban-client', ...at, ...args]);
  const server = await runProduct({
    command: [enter, ...before, 'fail2ban-server', ...at, '-f', 'start'],
    isReady: async () => (await client('status', 'interdict')).stdout.includes('interdict'),
  });
  const addressOf = (index: number): string => `198.18.${(index >> 8) & 255}.${index & 255}`;
  return {
    ban: (index) => client('set', 'interdict', 'banip', addressOf(index)),
    isBlocked: (index) => host.isBlocked(addressOf(index)),
    stop: async () => {
      await server.stop();
      await host.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function timesOf(start: () => Promise<Peer>, count: number): Promise<readonly number[]> {
  const peer = await start();
  const times: number[] = [];
  try {
    for (let index = 1; index <= count; index += 1) {
      const began = performance.now();
      const banned = peer.ban(index);
      for (let seen = false; !seen; ) {
        const asked = performance.now();
        seen = await peer.isBlocked(index);
        if (seen) times.push(asked - began);
      }
      await banned;
    }
  } finally {
    await peer.stop();
  }
  return times;
}

/** From the command to the first datagram that does not come through, in milliseconds. */
export const peerTimes = async (count: number): Promise<Readonly<Record<string, readonly number[]>>> => ({
  'CrowdSec with its bouncer, asked every second': await timesOf(crowdsec, count),
  fail2ban: await timesOf(fail2ban, count),
});

const calm = (): AbortSignal => new AbortController().signal;

/** How long it takes until so many addresses are in the kernel, by its own word. In seconds. */
export async function secondsFor(count: number, folder: string): Promise<number> {
  const route = await layRoute();
  const connector = nftables.open({ name: 'edge', own: { nft: nftScript(folder)(route.gateway.enter) } }, {} as never);
  const waiting = Array.from({ length: count }, (_, index) => index);
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const target = { kind: 'ip' as const, value: route.addressOf(index) };
      const { kind } = await connector.apply(aCall({ tenantId: TENANT_A, action: 'BlockIp', target }), calm());
      if (kind !== 'done') throw new Error(`${target.value} was answered ${kind}.`);
    }
  };
  try {
    await Promise.all(Array.from({ length: connector.traits.limits.concurrency }, lane));
    const seconds = (performance.now() - began) / 1_000;
    const [enter = '', ...before] = route.gateway.enter;
    const listed = execFileSync(enter, [...before, 'nft', '-j', 'list', 'table', 'inet', 'interdict'], {
      maxBuffer: 2 ** 30,
    });
    const found = String(listed).match(/"val": ?"198\.1[89]\./g)?.length ?? 0;
    if (found !== count) throw new Error(`The kernel has ${found} of ${count} addresses.`);
    return seconds;
  } finally {
    await connector.close();
    route.remove();
  }
}
