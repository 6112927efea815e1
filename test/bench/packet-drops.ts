import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { createNamespace, ip, type Namespace } from '../../packages/connectors/src/nftables/testing/namespaces.ts';
import { startServer, type TestServer } from '../server.ts';
import { type Child, startChild } from './child.ts';
import { clearAwayLater } from './clear-away.ts';
import type { Begun, BlockerOrder } from './packet-blocker.ts';
import type { SenderOrder } from './packet-sender.ts';
import { median, quantile } from './quantile.ts';

/** From the moment in which a block was asked for to the first packet that did not come through, in ms. */
export interface DropTimes {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly answeredMs: number;
}

export interface Drops {
  readonly posted: DropTimes;
  readonly nftAlone: DropTimes;
  /** Between two packets: no time is known better. */
  readonly resolutionMs: number;
  readonly count: number;
}

/** Why it cannot be measured here, or nothing. */
export function whyNoDrops(): string | undefined {
  if (process.getuid?.() !== 0) return 'making network namespaces needs root';
  const lacks = ['nft', 'ip'].filter((command) => spawnSync(command, ['-V'], { stdio: 'ignore' }).error);
  return lacks.length > 0 ? `${lacks.join(' and ')} not installed (apt-get install nftables iproute2)` : undefined;
}

const GATEWAY = '203.0.113.254';
const addressOf = (index: number): string => `203.0.113.${index + 1}`;
const MOST_ADDRESSES = 250;

/** Those to be blocked, each with an address of its own, and the gateway that they send to. */
function wire(blocked: Namespace, gateway: Namespace): void {
  ip('link', 'add', 'b0', 'netns', blocked.name, 'type', 'veth', 'peer', 'name', 'g0', 'netns', gateway.name);
  for (let index = 0; index < MOST_ADDRESSES; index += 1)
    ip('-n', blocked.name, 'addr', 'add', `${addressOf(index)}/24`, 'dev', 'b0');
  ip('-n', gateway.name, 'addr', 'add', `${GATEWAY}/24`, 'dev', 'g0');
  ip('-n', blocked.name, 'link', 'set', 'b0', 'up');
  ip('-n', gateway.name, 'link', 'set', 'g0', 'up');
}

const CONFIG = `
providers:
  - name: edge
    connector: nftables
    table: interdict
`;

const TABLE = `table inet alone {
  set blocked { type ipv4_addr; flags timeout; }
  chain on_input { type filter hook input priority -10; policy accept; ip saddr @blocked drop; }
}`;

interface Scene {
  readonly server: TestServer;
  readonly sender: Child;
  readonly receiver: Child;
  readonly blocker: Child;
  readonly port: number;
}

async function setScene(): Promise<Scene> {
  const make = (role: string): Namespace => {
    const namespace = createNamespace(role);
    clearAwayLater(() => namespace.remove());
    return namespace;
  };
  const [blocked, gateway] = [make('blocked'), make('gateway')];
  wire(blocked, gateway);
  const [command = '', ...before] = gateway.enter;
  execFileSync(command, [...before, 'nft', '-f', '-'], { input: TABLE });
  const server = await startServer({ config: CONFIG, prefix: gateway.enter });
  clearAwayLater(() => server.kill());
  const receiver = await startChild('packet-receiver.ts', [], gateway.enter);
  return {
    server,
    receiver,
    port: receiver.greeting as number,
    blocker: await startChild('packet-blocker.ts', [], gateway.enter),
    sender: await startChild('packet-sender.ts', [], blocked.enter),
  };
}

const SILENT_MS = 12;
/** A sender that was held up is no block: so many packets in a row must have been sent and not have come. */
const LOST_IN_A_ROW = 10;
const LONGEST_MS = 3_000;

async function waitForSilence({ receiver, sender }: Scene, run: number): Promise<number> {
  for (let waitedMs = 0; waitedMs < LONGEST_MS; waitedMs += 4) {
    const { sent } = (await sender.ask({ kind: 'count' } satisfies SenderOrder)) as { sent: number };
    await delay(4);
    const { last, silentMs } = (await receiver.ask({ run })) as { last: number; silentMs: number };
    if (silentMs > SILENT_MS && sent - 1 - last >= LOST_IN_A_ROW) return last;
  }
  throw new Error(`Packets still came through ${LONGEST_MS} ms after the block was asked for.`);
}

interface Drop {
  readonly ms: number;
  readonly answeredMs: number;
  readonly gapMs: number;
}

/** Packets flow, the block is asked for, packets stop. Which was the first that was lost, and when was it sent? */
async function measureOne(scene: Scene, run: number, order: BlockerOrder): Promise<Drop> {
  const start: SenderOrder = { kind: 'start', from: addressOf(run), to: GATEWAY, port: scene.port, run };
  await scene.sender.ask(start);
  await delay(10);
  const { beganAt, answeredAt } = (await scene.blocker.ask(order)) as Begun;
  const last = await waitForSilence(scene, run);
  const { sentAt } = (await scene.sender.ask({ kind: 'stop' } satisfies SenderOrder)) as { sentAt: readonly number[] };
  const [before = 0, lostAt] = [sentAt[last], sentAt[last + 1]];
  if (last < 0 || lostAt === undefined) throw new Error('No packet was seen to be lost.');
  return { ms: lostAt - beganAt, answeredMs: answeredAt - beganAt, gapMs: lostAt - before };
}

const bodyOf = (target: string): string =>
  JSON.stringify({
    name: 'BlockIp',
    actionReason: 'Bench',
    parameters: [{ name: 'IP', value: target }],
    vendorInformation: { provider: 'edge' },
  });

const toTimes = (drops: readonly Drop[]): DropTimes => ({
  medianMs: median(drops.map(({ ms }) => ms)),
  p95Ms: quantile(
    drops.map(({ ms }) => ms),
    0.95,
  ),
  answeredMs: median(drops.map(({ answeredMs }) => answeredMs)),
});

/** The first ones make the table, and warm up. */
const UNCOUNTED = 5;

/** A POST to the server and a call of nft in turn, each for an address that was never blocked before. */
export async function measureDrops(count: number): Promise<Drops> {
  const scene = await setScene();
  const { server } = scene;
  const [posted, alone]: [Drop[], Drop[]] = [[], []];
  for (let index = 0; index < count + UNCOUNTED; index += 1) {
    const [one, other] = [index * 2, index * 2 + 1];
    const body = bodyOf(addressOf(one));
    const url = `${server.url}/beta/security/securityActions`;
    const viaServer = await measureOne(scene, one, { kind: 'post', url, token: server.token(), body });
    const args = ['add', 'element', 'inet', 'alone', 'blocked', `{ ${addressOf(other)} timeout 1d }`];
    const viaNft = await measureOne(scene, other, { kind: 'nft', args });
    if (index < UNCOUNTED) continue;
    posted.push(viaServer);
    alone.push(viaNft);
  }
  const resolutionMs = median([...posted, ...alone].map(({ gapMs }) => gapMs));
  return { posted: toTimes(posted), nftAlone: toTimes(alone), resolutionMs, count };
}
