import { ask, type Json, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

/** Where a life's targets lie, so that no two lives share one. */
export interface LifeSettings {
  readonly round: number;
  /** A webhook that reads back. */
  readonly provider: string;
  readonly notificationUrl: string;
}

/** Its third target is the one that is cancelled: the history of the client does not have that. */
const CANCELLED = 3;

export const isCancelledInLife = (target: string): boolean =>
  /^ip:2001:db8:f[\da-f]+::(\d+)$/.exec(target)?.[1] === String(CANCELLED);

const body = ({ round, provider }: LifeSettings, index: number, more: object = {}): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: `2001:db8:f${round.toString(16)}::${index}` }],
  vendorInformation: { provider },
  ...more,
});

async function post(server: TestServer, sent: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, json, text } = await ask(server, ACTIONS, { body: sent, headers });
  if (status !== 201) throw new Error(`The request was answered ${status}: ${text}`);
  return String(json.id);
}

const stateOf = async (server: TestServer, id: string): Promise<string> =>
  String((await ask(server, `${ACTIONS}/${id}`)).json.enforcement?.state);

const reads = (server: TestServer, id: string, state: string): Promise<string> =>
  until(
    () => stateOf(server, id),
    (seen) => seen === state,
    20_000,
  );

async function subscribe(server: TestServer, { notificationUrl }: LifeSettings): Promise<void> {
  const { json } = await ask(server, '/beta/subscriptions');
  if ((json.value as unknown as readonly Json[]).length > 0) return;
  const subscription = {
    changeType: 'created,updated,deleted',
    notificationUrl,
    resource: 'security/securityActions',
    expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
  };
  await ask(server, '/beta/subscriptions', { body: subscription });
}

/** A firewall's fetch with its key; whether it got the list. */
async function fetchFeed(server: TestServer): Promise<void> {
  const Authorization = `Basic ${Buffer.from(`gate:${server.feedKey()}`).toString('base64')}`;
  await ask(server, '/feeds/lists/ip.txt', { token: null, headers: { Authorization } });
}

/**
 * Takes actions through all that can become of them, and with them the process through every point of its work: one is
 * repeated under its key, one ends by itself, one is cancelled and deleted; a receiver is told, a firewall polls.
 * Rejects where the server goes away meanwhile.
 */
export async function liveWholeLife(server: TestServer, settings: LifeSettings): Promise<void> {
  await subscribe(server, settings);
  const key = { 'Idempotency-Key': `life-${settings.round}` };
  const kept = await post(server, body(settings, 1), key);
  if ((await post(server, body(settings, 1), key)) !== kept) throw new Error('One key made two actions.');
  const short = await post(server, body(settings, 2, { ttl: 'PT2S' }));
  const cancelled = await post(server, body(settings, CANCELLED));
  await Promise.all([reads(server, kept, 'inForce'), reads(server, cancelled, 'inForce')]);
  await ask(server, `${ACTIONS}/${cancelled}/cancelSecurityAction`, { method: 'POST' });
  await fetchFeed(server);
  await Promise.all([reads(server, short, 'released'), reads(server, cancelled, 'released')]);
  await ask(server, `${ACTIONS}/${cancelled}`, { method: 'DELETE' });
}
