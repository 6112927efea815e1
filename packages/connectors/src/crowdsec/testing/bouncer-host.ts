import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNamespace, ip, type Namespace } from '../../nftables/testing/namespaces.ts';
import { type RunningProduct, runProduct } from '../../testing/run-product.ts';
import type { SourceOrder } from './source-client.ts';

/**
 * A host in a network namespace that echoes what it is sent, behind Debian's crowdsec-firewall-bouncer; and beside it one
 * who sends from any address of 198.18.0.0/15, 203.0.113.0/24 and 2001:db8:5::/64. The bouncer asks what listens on a
 * port of this machine's loopback.
 */
export interface BouncerHost {
  /** Whether what comes from this address is dropped, as the sender sees it. */
  isBlocked(from: string): Promise<boolean>;
  startBouncer(options: BouncerOptions): Promise<RunningProduct>;
  /** Puts a program into the host, as the first words of a command. */
  readonly enter: readonly string[];
  /** What nft says in the host. */
  nft(...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

export interface BouncerOptions {
  /** A port of loopback outside. */
  readonly port: number;
  readonly key: string;
  /** Its configuration file, in place of one of ours; by where its API and its folder are. */
  readonly config?: (apiUrl: string, folder: string) => string;
}

const HOST = { v4: '192.0.2.1', v6: '2001:db8:2::1' };
const SENDER = { v4: '192.0.2.2', v6: '2001:db8:2::2' };
const SOURCES = { v4: ['198.18.0.0/15', '203.0.113.0/24'], v6: ['2001:db8:5::/64'] };
/** Where the bouncer finds its API inside. */
const INNER_PORT = 8080;

function wire(sender: string, host: string): void {
  ip('link', 'add', 'a0', 'netns', sender, 'type', 'veth', 'peer', 'name', 'h0', 'netns', host);
  for (const [namespace, device, own] of [
    [sender, 'a0', SENDER],
    [host, 'h0', HOST],
  ] as const) {
    ip('-n', namespace, 'addr', 'add', `${own.v4}/24`, 'dev', device);
    ip('-n', namespace, '-6', 'addr', 'add', `${own.v6}/64`, 'dev', device, 'nodad');
    ip('-n', namespace, 'link', 'set', device, 'up');
  }
  for (const network of SOURCES.v4) {
    ip('-n', sender, 'route', 'add', 'local', network, 'dev', 'lo');
    ip('-n', host, 'route', 'add', network, 'via', SENDER.v4);
  }
  ip('netns', 'exec', sender, 'sysctl', '-qw', 'net.ipv6.ip_nonlocal_bind=1');
  for (const network of SOURCES.v6) {
    ip('-n', sender, '-6', 'route', 'add', 'local', network, 'dev', 'lo');
    ip('-n', host, '-6', 'route', 'add', network, 'via', SENDER.v6);
  }
}

interface Peer {
  ask(order: object): Promise<{ readonly isHeard?: boolean; readonly error?: string }>;
  end(): Promise<void>;
}

async function startPeer({ enter }: Namespace, file: string, listeners: number): Promise<Peer> {
  const [command = '', ...before] = enter;
  const child: ChildProcess = spawn(command, [...before, process.execPath, file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (message: object) => void>();
  await new Promise<void>((resolve, reject) => {
    let left = listeners;
    child.once('exit', () => reject(new Error(`${file} ended before it listened.`)));
    child.on('message', (message: { readonly kind?: string; readonly id?: number }) => {
      if (message.kind === 'listening') left -= 1;
      else waiting.get(message.id ?? 0)?.(message);
      if (left === 0) resolve();
    });
  });
  let last = 0;
  return {
    ask: (order) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        child.send({ id: last, ...order });
      }),
    async end() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** Sockets of the file system are the same in every network namespace. */
async function openTunnel(socket: string, port: () => number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const outer = createConnection({ port: port(), host: '127.0.0.1', allowHalfOpen: true });
    for (const end of [inner, outer]) end.on('error', () => [inner, outer].map((each) => each.destroy()));
    inner.pipe(outer).pipe(inner);
  });
  server.listen(socket);
  await once(server, 'listening');
  return server;
}

const bouncerConfig = (apiUrl: string, folder: string, key: string): string => `
mode: nftables
pid_dir: ${folder}
update_frequency: 1s
daemonize: false
log_mode: stdout
log_level: info
api_url: ${apiUrl}
api_key: ${key}
disable_ipv6: false
deny_action: DROP
deny_log: false
supported_decisions_types: [ban]
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
nftables:
  ipv4: {enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain}
  ipv6: {enabled: true, set-only: false, table: crowdsec6, chain: crowdsec6-chain}
`;

const here = (file: string): string => path.join(import.meta.dirname, file);

/** Makes everything, or nothing. */
export async function createBouncerHost(): Promise<BouncerHost> {
  const undo: (() => unknown)[] = [];
  const remove = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'interdict-bouncer-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const make = (role: string): Namespace => {
      const namespace = createNamespace(role);
      undo.push(() => namespace.remove());
      return namespace;
    };
    const [sender, host] = [make('sender'), make('host')];
    wire(sender.name, host.name);
    const start = async (namespace: Namespace, file: string, listeners: number): Promise<Peer> => {
      const peer = await startPeer(namespace, file, listeners);
      undo.push(() => peer.end());
      return peer;
    };
    await start(host, here('../../nftables/testing/echo-server.ts'), 3);
    const client = await start(sender, here('source-client.ts'), 1);
    let port = 0;
    const socket = path.join(folder, 'api.sock');
    const tunnel = await openTunnel(socket, () => port);
    undo.push(() => void tunnel.close());
    const listen = `TCP-LISTEN:${INNER_PORT},bind=127.0.0.1,fork,reuseaddr`;
    const [enter = '', ...before] = host.enter;
    const socat = spawn(enter, [...before, 'socat', listen, `UNIX-CONNECT:${socket}`], { stdio: 'ignore' });
    undo.push(() => void socat.kill('SIGKILL'));
    const run = (...args: string[]): Promise<string> => output(enter, [...before, ...args]);
    // The bouncer asks once at its start, and ends where nobody listens.
    while (!(await run('ss', '-Hltn', `sport = :${INNER_PORT}`))) await delay(20);
    return {
      remove,
      enter: host.enter,
      nft: (...args) => run('nft', ...args),
      async isBlocked(from) {
        const [to, control] = from.includes(':') ? [HOST.v6, SENDER.v6] : [HOST.v4, SENDER.v4];
        const order: SourceOrder = { from, to, control };
        const { isHeard, error } = await client.ask(order);
        if (error) throw new Error(error);
        return isHeard === false;
      },
      async startBouncer(options) {
        port = options.port;
        const file = path.join(folder, 'bouncer.yaml');
        const { key, config = (apiUrl: string, own: string) => bouncerConfig(apiUrl, own, key) } = options;
        await writeFile(file, config(`http://127.0.0.1:${INNER_PORT}/`, folder), { mode: 0o600 });
        const product = await runProduct({
          command: [enter, ...before, 'crowdsec-firewall-bouncer', '-c', file],
          isReady: async () => (await run('nft', 'list', 'table', 'ip', 'crowdsec')).includes('crowdsec-chain'),
        });
        undo.push(() => product.stop('SIGKILL'));
        return product;
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${errors}`);
  return text;
}
