import { ask, startServer, type TestServer, until } from '../../server.ts';
import { type Manner, WebhookReceiver, webhookProvider } from '../../webhook-receiver.ts';
import type { Finding } from '../campaign.ts';

/** What the product takes in any minute, and what its operator wrote down. */
const PER_MINUTE = 120;
/** More than fits into a minute: whoever kept to no limit would be refused. */
const WANTED = 150;
const MINUTE_MS = 60_000;
const DONE_WITHIN_MS = 150_000;
const MOST_REFUSED = 0.01;

interface Limiter {
  readonly manner: Manner;
  readonly refused: () => number;
}

/** It counts what it took in the last minute, as strictly as can be: no window sees more. */
function aLimiter(): Limiter {
  const taken: number[] = [];
  let refused = 0;
  const manner: Manner = (received, receiver) => {
    const now = Date.now();
    while (taken[0] !== undefined && taken[0] <= now - MINUTE_MS) taken.shift();
    if (taken.length < PER_MINUTE) {
      taken.push(now);
      return receiver.obey(received);
    }
    refused += 1;
    return { status: 429, headers: { 'Retry-After': '5' } };
  };
  return { manner, refused: () => refused };
}

async function post(server: TestServer, number: number): Promise<void> {
  const parameters = [{ name: 'IP', value: `198.18.7.${number}` }];
  const body = { name: 'BlockIp', parameters, vendorInformation: { provider: 'limited' } };
  const { status } = await ask(server, '/beta/security/securityActions', { body });
  if (status !== 201) throw new Error(`A request was answered with ${status}.`);
}

async function measure(server: TestServer, receiver: WebhookReceiver, refused: () => number): Promise<Finding> {
  const began = Date.now();
  await Promise.all(Array.from({ length: WANTED }, (_, number) => post(server, number)));
  await until(
    () => receiver.inForce.size,
    (size) => size === WANTED,
    DONE_WITHIN_MS,
  ).catch(() => undefined);
  const [calls, seconds] = [receiver.received.length, Math.round((Date.now() - began) / 1_000)];
  const isLate = receiver.inForce.size < WANTED;
  const seen = `${refused()} of ${calls} calls refused, ${receiver.inForce.size} of ${WANTED} done in ${seconds} s`;
  return {
    promise: 'a product whose limit is written down refuses at most 1 % of the calls',
    broken: isLate || refused() > MOST_REFUSED * calls ? seen : undefined,
    seen,
  };
}

/** The operator wrote the product's limit down; much more is wanted of it at once. */
export async function runLimited(): Promise<readonly Finding[]> {
  const [receiver, limiter] = [new WebhookReceiver(), aLimiter()];
  receiver.manner = limiter.manner;
  await receiver.start();
  const config = `providers:${webhookProvider(receiver, 'limited', `limits: { perMinute: ${PER_MINUTE} }`)}`;
  let server: TestServer | undefined;
  try {
    server = await startServer({ config, env: { HOOK_SECRET: receiver.secret } });
    return [await measure(server, receiver, limiter.refused)];
  } finally {
    await server?.discard();
    await receiver.stop();
  }
}
