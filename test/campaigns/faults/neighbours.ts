import { setTimeout as delay } from 'node:timers/promises';
import { ask, startServer, type TestServer } from '../../server.ts';
import { type Manner, WebhookReceiver, webhookProvider } from '../../webhook-receiver.ts';
import type { Finding } from '../campaign.ts';
import type { FaultRun } from './fault.ts';

/** A product that misbehaves beside one that is fine, behind one server. */
export interface Neighbour {
  readonly name: string;
  /** More YAML of its provider. */
  readonly settings: string;
  readonly manner: Manner;
  /** Once the load is over: what it found. */
  readonly judge: (receiver: WebhookReceiver) => readonly Finding[];
}

const ACTIONS = '/beta/security/securityActions';
const WINDOW_MS = 12_000;
/** Far below what the server can: whoever is held up falls behind. */
const PER_SECOND = 8;
const LEAST_SHARE = 0.95;
/** What is not in force by then was held up. */
const WITHIN_MS = 2_000;

interface Sent {
  readonly target: string;
  readonly at: number;
}

async function post(server: TestServer, provider: string, number: number): Promise<Sent> {
  const value = `198.${provider === 'fine' ? 18 : 19}.${number >> 8}.${number & 255}`;
  const at = Date.now();
  const body = { name: 'BlockIp', parameters: [{ name: 'IP', value }], vendorInformation: { provider } };
  const { status } = await ask(server, ACTIONS, { body });
  if (status !== 201) throw new Error(`A request was answered with ${status}.`);
  return { target: `ip:${value}`, at };
}

/** Requests at an even pace, however long each takes. */
async function pace(server: TestServer, provider: string, from: number, ms: number): Promise<readonly Sent[]> {
  const sent: Promise<Sent>[] = [];
  for (const endsAt = performance.now() + ms; performance.now() < endsAt; await delay(1_000 / PER_SECOND)) {
    sent.push(post(server, provider, from + sent.length));
  }
  return await Promise.all(sent);
}

/** Of what was sent, how much the product did in time. */
async function goodput(receiver: WebhookReceiver, sent: readonly Sent[]): Promise<number> {
  await delay(1.5 * WITHIN_MS);
  const appliedAt = new Map(receiver.of('apply').map(({ target, at }) => [target, at]));
  return sent.filter(({ target, at }) => (appliedAt.get(target) ?? Number.POSITIVE_INFINITY) - at <= WITHIN_MS).length;
}

async function measure(
  { count, say }: FaultRun,
  server: TestServer,
  { fine, bad }: Readonly<Record<'fine' | 'bad', WebhookReceiver>>,
  neighbour: Neighbour,
): Promise<readonly Finding[]> {
  let [alone, beside, sentAlone, sentBeside, bads] = [0, 0, 0, 0, 0];
  for (let round = 1; round <= count; round += 1) {
    const first = await pace(server, 'fine', sentAlone + sentBeside, WINDOW_MS);
    alone += await goodput(fine, first);
    sentAlone += first.length;
    const [second, others] = await Promise.all([
      pace(server, 'fine', sentAlone + sentBeside, WINDOW_MS),
      pace(server, neighbour.name, bads, WINDOW_MS),
    ]);
    beside += await goodput(fine, second);
    sentBeside += second.length;
    bads += others.length;
    say(round);
  }
  const share = beside / sentBeside / (alone / sentAlone);
  return [
    {
      promise: `beside it the other has ${100 * LEAST_SHARE} % of the goodput that it has alone`,
      broken: !(share >= LEAST_SHARE) ? `${(100 * share).toFixed(1)} %` : undefined,
      seen: `${beside} of ${sentBeside} within ${WITHIN_MS / 1_000} s beside it, ${alone} of ${sentAlone} alone: ${(100 * share).toFixed(1)} %`,
    },
    ...neighbour.judge(bad),
  ];
}

export async function runBeside(fault: FaultRun, neighbour: Neighbour): Promise<readonly Finding[]> {
  const [fine, bad] = [new WebhookReceiver(), new WebhookReceiver()];
  await Promise.all([fine.start(), bad.start()]);
  bad.manner = neighbour.manner;
  const config = `providers:${webhookProvider(fine, 'fine', '')}${webhookProvider(bad, neighbour.name, neighbour.settings)}`;
  let server: TestServer | undefined;
  try {
    server = await startServer({ config, env: { HOOK_SECRET: fine.secret } });
    return await measure(fault, server, { fine, bad }, neighbour);
  } finally {
    await server?.discard();
    await Promise.all([fine.stop(), bad.stop()]);
  }
}
