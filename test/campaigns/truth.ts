/** What each connector's product is seen to do by its own client, with the server as a user starts it. `npm run truth`. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startSeenClamav } from '../../packages/connectors/src/clamav/testing/start-seen-clamav.ts';
import { startSeenCrowdsec } from '../../packages/connectors/src/crowdsec/testing/seen-crowdsec.ts';
import { startSeenHaproxy } from '../../packages/connectors/src/haproxy/testing/haproxy-product.ts';
import { startSeenLdap } from '../../packages/connectors/src/ldap/testing/openldap-product.ts';
import { startSeenNftables } from '../../packages/connectors/src/nftables/testing/seen-nftables.ts';
import { startSeenOpenc2 } from '../../packages/connectors/src/openc2/testing/openc2-product.ts';
import { startSeenRpz } from '../../packages/connectors/src/rpz/testing/seen-rpz.ts';
import { startSeenSquid } from '../../packages/connectors/src/squid/testing/seen-squid.ts';
import type { SeenProduct } from '../../packages/connectors/src/testing.ts';
import { startSeenUnbound } from '../../packages/connectors/src/unbound/testing/seen-unbound.ts';
import { median, quantile } from '../bench/quantile.ts';
import { beginCampaign, endCampaign, type Finding } from './campaign.ts';
import { measure, type Truth } from './truth/measure.ts';
import { peerTimes, secondsFor } from './truth/peers.ts';
import { nftScript, openSubject } from './truth/subject.ts';

const { count, isShort } = beginCampaign('truth', { long: 200, short: 10 });
const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-truth-'));

interface Measured {
  readonly start: () => Promise<SeenProduct>;
  /** Where the product itself takes its time: how many targets are measured beside each other. */
  readonly lanes?: number;
  /** False where the connector cannot look: what vanishes, and what others put there, it does not see. */
  readonly isReadBack?: boolean;
}

const PRODUCTS: Readonly<Record<string, Measured>> = {
  nftables: { start: () => startSeenNftables(nftScript(folder)) },
  rpz: { start: startSeenRpz },
  unbound: { start: startSeenUnbound },
  crowdsec: { start: startSeenCrowdsec, lanes: 16 },
  squid: { start: startSeenSquid },
  haproxy: { start: startSeenHaproxy },
  clamav: { start: startSeenClamav },
  ldap: { start: startSeenLdap },
  openc2: { start: startSeenOpenc2, isReadBack: false },
};

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const both = (values: readonly number[]): string => `${ms(median(values))} / ${ms(quantile(values, 0.95))}`;

function row({ name, count: n, ...truth }: Truth): string {
  const cells = [
    `\`${name}\``,
    String(n),
    both(truth.toEffect),
    both(truth.toNoEffect),
    `${truth.completedWhileAbsent}`,
    `${truth.releasedWhilePresent}`,
    truth.drift
      ? `${n - truth.drift.notRepaired} of ${n}, ${(Math.max(...truth.drift.toRepair) / 1_000).toFixed(1)} s`
      : 'cannot look',
    truth.foreignRemoved === undefined ? 'cannot look' : `${truth.foreignRemoved}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

const none = (promise: string, seen: number): Finding => ({ promise, ...(seen > 0 && { broken: `${seen} times` }) });

const findingsOf = (truth: Truth): readonly Finding[] => [
  none(`${truth.name}: nothing is Completed that is absent`, truth.completedWhileAbsent),
  none(`${truth.name}: nothing is present a minute after it was released`, truth.releasedWhilePresent),
  ...(truth.drift ? [none(`${truth.name}: what vanished is back within a minute`, truth.drift.notRepaired)] : []),
  ...(truth.foreignRemoved === undefined
    ? []
    : [none(`${truth.name}: no foreign entry is removed`, truth.foreignRemoved)]),
];

async function truthOf(name: string, { start, lanes = 1, isReadBack = true }: Measured): Promise<Truth> {
  const subject = await openSubject(name, await start());
  try {
    return await measure(subject, { count, lanes, isReadBack, say: (words) => console.log(`  ${name}: ${words}`) });
  } finally {
    await subject.stop();
  }
}

const only = process.env.INTERDICT_TRUTH_ONLY?.split(',');
const truths: Truth[] = [];
const findings: Finding[] = [];
for (const [name, measured] of Object.entries(PRODUCTS)) {
  if (only && !only.includes(name)) continue;
  try {
    const truth = await truthOf(name, measured);
    truths.push(truth);
    findings.push(...findingsOf(truth));
  } catch (error) {
    findings.push({ promise: `${name} is measured`, broken: error instanceof Error ? error.message : String(error) });
  }
}
/** The medians of others stand beside that of nftables; the machine decides, and so they decide nothing here. */
async function comparePeers(own: Truth): Promise<readonly string[]> {
  const times = Object.entries(await peerTimes(Math.min(count, 50)));
  const mine = median(own.toEffect);
  const hundred = await secondsFor(100_000, folder);
  return [
    `nftables, POST to effect: median ${ms(mine)} ms`,
    ...times.map(
      ([name, values]) => `${name}: median ${ms(median(values))} ms, ${(median(values) / mine).toFixed(1)} times`,
    ),
    `100,000 addresses in the kernel, by the connector: ${hundred.toFixed(1)} s`,
  ];
}

const packetFilter = truths.find(({ name }) => name === 'nftables');
if (packetFilter && !isShort) for (const line of await comparePeers(packetFilter)) console.log(line);
rmSync(folder, { recursive: true, force: true });
console.log(
  [
    '| connector | N | POST to effect, ms (median / p95) | cancel to no effect, ms | Completed while absent | released while present after 60 s | drift repaired within 60 s, longest | foreign removed |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...truths.map(row),
  ].join('\n'),
);
endCampaign(findings);
process.exit();
