import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Target } from '@interdict/contract';
import type { Connector, Effect } from '../../connector.ts';
import { Secret } from '../../secret.ts';
import type { ProductUnderTest, SeenProduct } from '../../testing.ts';
import { openc2 } from '../connector.ts';
import { Consumer, type ConsumerOptions, type Entry } from './consumer.ts';
import { CLIENT, type FrontOptions, HttpsFront, SERVER } from './https-front.ts';

export const TOKEN = 'bearer-of-the-openc2-tests-4711';
const ports = { feeds: { holdersOf: () => Promise.reject(new Error('OpenC2 has no feeds.')) } };

export const open = (own: Record<string, unknown>): Connector => openc2.open({ name: 'edge', own }, ports);

/** A folder with the certificates, as a provider names them. */
export function pemFolder(): { readonly own: Record<string, unknown>; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'interdict-openc2-'));
  const [ca, certificate] = [path.join(folder, 'ca.pem'), path.join(folder, 'client.pem')];
  writeFileSync(ca, SERVER.cert);
  writeFileSync(certificate, CLIENT.cert);
  writeFileSync(path.join(folder, 'client.key'), CLIENT.key);
  return {
    own: { ca, certificate, key: new Secret(CLIENT.key), token: new Secret(TOKEN), allowPrivate: true },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function toTarget(target: Record<string, unknown>): Target {
  const [[key, value] = ['', '']] = Object.entries(target) as [string, never][];
  if (key === 'domain_name') return { kind: 'domain', value };
  if (key === 'uri') return { kind: 'url', value };
  if (key === 'device') return { kind: 'host', value: (value as unknown as { hostname: string }).hostname };
  if (key === 'file') {
    const [[kind, hash] = ['md5', '']] = Object.entries(
      (value as unknown as { hashes: Record<string, string> }).hashes,
    );
    return { kind: kind as Target['kind'], value: hash };
  }
  const [address = '', bits] = String(value).split('/');
  const isOne = bits === (key === 'ipv4_net' ? '32' : '128');
  return isOne ? { kind: 'ip', value: address } : { kind: 'cidr', value };
}

/** OpenC2 has no place for a tenant: whose a rule is shows by the command that made it. */
export class Whose {
  readonly #tenants = new Map<string, string>();

  watch(connector: Connector): Connector {
    const { apply } = connector;
    connector.apply = (call, signal) => {
      this.#tenants.set(call.operationId, call.tenantId);
      return apply.call(connector, call, signal);
    };
    return connector;
  }

  effectOf({ commandId, action, target }: Entry): Effect {
    const read = toTarget(target);
    const names = {
      ip: 'BlockIp',
      cidr: 'BlockIp',
      domain: 'BlockDomain',
      url: 'BlockUrl',
      host: 'IsolateHost',
    } as const;
    const name = read.kind in names ? names[read.kind as keyof typeof names] : 'BlockFile';
    return { tenantId: this.#tenants.get(commandId) ?? `nobody's ${action}`, action: name, target: read };
  }
}

export interface HttpsProduct {
  readonly consumer: Consumer;
  readonly front: HttpsFront;
  readonly own: Record<string, unknown>;
  readonly product: ProductUnderTest;
}

/** A consumer behind HTTPS with mutual authentication, and a bearer token beside it. */
export async function startHttps(
  options: Omit<ConsumerOptions, 'name'>,
  { front: frontOptions = {}, own: more = {} }: { front?: FrontOptions; own?: Record<string, unknown> } = {},
): Promise<HttpsProduct> {
  const consumer = new Consumer({ name: 'fw1', ...options });
  const front = new HttpsFront(consumer, { token: TOKEN, ...frontOptions });
  await front.listen();
  const pem = pemFolder();
  const own = { url: front.url, profile: options.profile, ...pem.own, ...more };
  const whose = new Whose();
  const find = (effect: Effect): Entry | undefined =>
    consumer.inForce().find((entry) => JSON.stringify(whose.effectOf(entry)) === JSON.stringify(effect));
  const product: ProductUnderTest = {
    connect: () => whose.watch(open(own)),
    secrets: [TOKEN, CLIENT.key],
    inForce: async () => consumer.inForce().map((entry) => whose.effectOf(entry)),
    received: async () => front.received,
    operations: async () => consumer.operations,
    endsAt: async ({ tenantId, action, target }) => new Date(find({ tenantId, action, target })?.end ?? Number.NaN),
    restart: async () => {
      await front.hangUp();
      await front.listen();
    },
    misbehave: (misbehaviour) => front.misbehave(misbehaviour),
    behave: () => front.behave(),
    stop: async () => {
      await front.hangUp();
      consumer.filter?.remove();
      pem.remove();
    },
  };
  return { consumer, front, own, product };
}

/** A packet filter behind HTTPS; its addresses are those of 198.18.0.0/15, and all of them answer a ping. */
export async function startSeenOpenc2(): Promise<SeenProduct> {
  const { consumer, own, product } = await startHttps({ profile: 'slpf', filters: true });
  const { filter } = consumer;
  if (!filter) throw new Error('The consumer has no packet filter.');
  filter.addAddresses('198.18.0.0/15');
  const target = (index: number): string => `198.18.${index >> 8}.${index & 255}`;
  const certificate = String(own.certificate);
  return {
    provider: {
      connector: 'openc2',
      url: own.url,
      profile: 'slpf',
      ca: own.ca,
      certificate,
      key: { file: path.join(path.dirname(certificate), 'client.key') },
      token: { env: 'OPENC2_TOKEN' },
      allowPrivate: true,
    },
    environment: { OPENC2_TOKEN: TOKEN },
    action: 'BlockIp',
    parameter: 'IP',
    target,
    isBlocked: async (index) => !filter.pings(target(index)),
    lose: (index) => consumer.lose({ ipv4_net: `${target(index)}/32` }),
    putForeign: (index) => consumer.put({ ipv4_net: `${target(index)}/32` }),
    stop: () => product.stop(),
  };
}
