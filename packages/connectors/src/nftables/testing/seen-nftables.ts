import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { SeenProduct } from '../../testing.ts';
import { createNamespace, ip, type Namespace } from './namespaces.ts';

const CLIENT = '192.0.2.2';
const GATEWAY = { client: '192.0.2.1', server: '192.0.2.129' };
const SERVER = '192.0.2.130';
/** All of these are addresses of the server. */
const BEHIND = '198.18.0.0/15';
/** No service is there: a refusal shows that packets come through, and back. */
const PORT = 9;
const WITHIN_MS = 30;

/** Says whether connections from a namespace come through. */
export interface TcpProbe {
  passes(address: string): Promise<boolean>;
  end(): void;
}

/** Client – gateway – server, each in a namespace of its own. */
export interface Route {
  readonly gateway: Namespace;
  readonly probe: TcpProbe;
  addressOf(index: number): string;
  remove(): void;
}

export async function startProbe({ enter }: Namespace): Promise<TcpProbe> {
  const [program = '', ...before] = enter;
  const file = path.join(import.meta.dirname, 'tcp-probe.ts');
  const child: ChildProcess = spawn(program, [...before, process.execPath, file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  const waiting = new Map<number, (passes: boolean) => void>();
  child.on('message', ({ id, passes }: { readonly id: number; readonly passes: boolean }) => {
    waiting.get(id)?.(passes);
    waiting.delete(id);
  });
  let last = 0;
  return {
    passes: (address) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        child.send({ id: last, address, port: PORT, withinMs: WITHIN_MS });
      }),
    end: () => void child.kill('SIGKILL'),
  };
}

function cable(one: readonly [Namespace, string, string], other: readonly [Namespace, string, string]): void {
  const [[{ name }, device], [{ name: far }, peer]] = [one, other];
  ip('link', 'add', device, 'netns', name, 'type', 'veth', 'peer', 'name', peer, 'netns', far);
  for (const [namespace, port, address] of [one, other]) {
    ip('-n', namespace.name, 'addr', 'add', `${address}/25`, 'dev', port);
    ip('-n', namespace.name, 'link', 'set', port, 'up');
  }
}

/** A gateway between a client and thousands of addresses. */
export async function layRoute(): Promise<Route> {
  const all = ['client', 'gateway', 'server'].map(createNamespace);
  const [client, gateway, server] = all as [Namespace, Namespace, Namespace];
  cable([client, 'c0', CLIENT], [gateway, 'gc0', GATEWAY.client]);
  cable([server, 's0', SERVER], [gateway, 'gs0', GATEWAY.server]);
  ip('-n', client.name, 'route', 'add', 'default', 'via', GATEWAY.client);
  ip('-n', server.name, 'route', 'add', 'default', 'via', GATEWAY.server);
  ip('-n', server.name, 'route', 'add', 'local', BEHIND, 'dev', 'lo');
  ip('-n', gateway.name, 'route', 'add', BEHIND, 'via', SERVER);
  ip('netns', 'exec', gateway.name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  const probe = await startProbe(client);
  return {
    gateway,
    probe,
    addressOf: (index) => `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    remove: () => {
      probe.end();
      for (const namespace of all) namespace.remove();
    },
  };
}

/** The packet filter of a gateway, seen by a client behind it. @param script makes a program that runs nft there */
export async function startSeenNftables(script: (enter: readonly string[]) => string): Promise<SeenProduct> {
  const route = await layRoute();
  const nft = (...args: string[]): void => {
    const [program = '', ...before] = route.gateway.enter;
    execFileSync(program, [...before, 'nft', ...args], { stdio: 'ignore' });
  };
  nft('add table inet admin');
  nft('add set inet admin blocked { type ipv4_addr; }');
  nft('add chain inet admin forward { type filter hook forward priority 0; policy accept; }');
  nft('add rule inet admin forward ip daddr @blocked drop');
  const target = (index: number): string => route.addressOf(index + 256);
  return {
    provider: { connector: 'nftables', nft: script(route.gateway.enter) },
    environment: {},
    action: 'BlockIp',
    parameter: 'IP',
    target,
    isBlocked: async (index) => !(await route.probe.passes(target(index))),
    lose: async (index) => {
      const { stdout } = {
        stdout: execFileSync(
          route.gateway.enter[0] ?? '',
          [...route.gateway.enter.slice(1), 'nft', '-j', 'list', 'sets', 'inet'],
          { encoding: 'utf8' },
        ),
      };
      const [, set = ''] = /"name": ?"(block4_32_\w+)"/.exec(stdout) ?? [];
      nft(`delete element inet interdict ${set} { ${target(index)} }`);
    },
    putForeign: async (index) => nft(`add element inet admin blocked { ${target(index)} }`),
    stop: async () => route.remove(),
  };
}
