import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createNamespace, ip, type Namespace } from './namespaces.ts';
import type { TrafficOrder, TrafficReport } from './traffic-client.ts';

/** Client – gateway – server, each in a namespace of its own; what the client sends goes through the gateway. */
export interface Gateway {
  readonly namespace: Namespace;
  order(order: TrafficOrder): Promise<TrafficReport>;
  /** So many datagrams to an address of the server, and how many echoes came. */
  probe(address: string, datagrams?: number): Promise<Required<Pick<TrafficReport, 'sent' | 'echoed'>>>;
  /** Datagrams that reached the server so far. */
  arrived(): Promise<number>;
  remove(): Promise<void>;
}

export const CLIENT = { v4: '198.51.100.2', v6: '2001:db8:1::2' };
export const SERVER = { v4: '203.0.113.9', v6: '2001:db8:2::9' };
const GATEWAY = { client4: '198.51.100.1', client6: '2001:db8:1::1', server4: '203.0.113.1', server6: '2001:db8:2::1' };

function link(namespace: string, device: string, v4: string, v6: string): void {
  ip('-n', namespace, 'addr', 'add', `${v4}/24`, 'dev', device);
  ip('-n', namespace, '-6', 'addr', 'add', `${v6}/64`, 'dev', device, 'nodad');
  ip('-n', namespace, 'link', 'set', device, 'up');
}

function route(namespace: string, v4: string, v6: string): void {
  ip('-n', namespace, 'route', 'add', 'default', 'via', v4);
  ip('-n', namespace, '-6', 'route', 'add', 'default', 'via', v6);
}

function wire(client: string, gateway: string, server: string): void {
  ip('link', 'add', 'c0', 'netns', client, 'type', 'veth', 'peer', 'name', 'gc0', 'netns', gateway);
  ip('link', 'add', 's0', 'netns', server, 'type', 'veth', 'peer', 'name', 'gs0', 'netns', gateway);
  link(client, 'c0', CLIENT.v4, CLIENT.v6);
  link(gateway, 'gc0', GATEWAY.client4, GATEWAY.client6);
  link(gateway, 'gs0', GATEWAY.server4, GATEWAY.server6);
  link(server, 's0', SERVER.v4, SERVER.v6);
  route(client, GATEWAY.client4, GATEWAY.client6);
  route(server, GATEWAY.server4, GATEWAY.server6);
  ip('netns', 'exec', gateway, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
}

interface Peer {
  ask(order: object): Promise<Record<string, number>>;
  end(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly kind?: string;
  readonly error?: string;
}

function pipeTo(child: ChildProcess, waiting: Map<number, (message: Message) => void>, ready: () => void): void {
  child.on('message', (message: Message) => {
    if (message.kind === 'listening') ready();
    else waiting.get(message.id ?? -1)?.(message);
  });
}

/** A program of this folder in a namespace, once it has said so many times that it listens. */
async function startPeer(namespace: Namespace, program: string, listeners: number): Promise<Peer> {
  const [command = '', ...before] = namespace.enter;
  const file = path.join(import.meta.dirname, program);
  const child = spawn(command, [...before, process.execPath, file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, (message: Message) => void>();
  await new Promise<void>((resolve, reject) => {
    let left = listeners;
    child.once('exit', () => reject(new Error(`${program} ended before it listened.`)));
    pipeTo(child, waiting, () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  let last = 0;
  return {
    ask: (order) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, (message) => (message.error ? reject(new Error(message.error)) : resolve(message as never)));
        child.send({ id: last, ...order });
      }),
    end: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

const PER_SECOND = 1000;

/** Makes everything, or nothing. */
export async function createGateway(): Promise<Gateway> {
  const made: Namespace[] = [];
  const peers: Peer[] = [];
  const remove = async (): Promise<void> => {
    for (const peer of peers.splice(0)) await peer.end();
    for (const namespace of made.splice(0)) namespace.remove();
  };
  const make = (role: string): Namespace => {
    const namespace = createNamespace(role);
    made.push(namespace);
    return namespace;
  };
  try {
    const [client, namespace, server] = [make('client'), make('gateway'), make('server')];
    wire(client.name, namespace.name, server.name);
    const echo = await startPeer(server, 'echo-server.ts', 3);
    peers.push(echo);
    const traffic = await startPeer(client, 'traffic-client.ts', 1);
    peers.push(traffic);
    const order: Gateway['order'] = async (wanted) => traffic.ask(wanted) as TrafficReport;
    return {
      namespace,
      order,
      remove,
      arrived: async () => (await echo.ask({})).datagrams ?? 0,
      async probe(address, datagrams = 100) {
        await order({ kind: 'startUdp', address, perSecond: PER_SECOND });
        const { sent = 0, echoed = 0 } = await order({ kind: 'stopUdp', after: datagrams });
        return { sent, echoed };
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
