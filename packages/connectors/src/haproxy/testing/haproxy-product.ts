import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { Effect } from '../../connector.ts';
import type { ConnectorPorts } from '../../connector-kind.ts';
import { askSocket } from '../../socket/ask-socket.ts';
import {
  freePort,
  Gate,
  type Misbehaviour,
  type ProductUnderTest,
  type RunningProduct,
  runProduct,
  type SeenProduct,
} from '../../testing.ts';
import { haproxy } from '../connector.ts';

export const NO_PORTS = {} as ConnectorPorts;
const ADMIN = 'by-hand';

/** The rules of docs/connectors/haproxy.md, with the paths of a folder. */
export function rules(folder: string): string {
  const page = readFileSync(path.join(import.meta.dirname, '../../../../../docs/connectors/haproxy.md'), 'utf8');
  const [, text = ''] = /```haproxy\n([\s\S]*?)```/.exec(page) ?? [];
  return text
    .replaceAll('/etc/haproxy/interdict', folder)
    .replaceAll('/run/haproxy/interdict.sock', `${folder}/real.sock`);
}

const configuration = (folder: string, port: number): string => `global
  maxconn 200
  stats socket ${folder}/real.sock mode 660 level user
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:${port}
${rules(folder)}
  http-request return status 200 content-type text/plain string "passed"
`;

export interface RunningHaproxy {
  readonly folder: string;
  readonly port: number;
  readonly own: Readonly<Record<string, unknown>>;
  /** One command of the administrator's, over the real socket. */
  admin(command: string): Promise<string>;
  /** The status of a request as a client sends it. */
  status(options: {
    readonly host: string;
    readonly path?: string;
    readonly from?: string;
    readonly agent?: Agent;
  }): Promise<number>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const MAPS = { ipMap: 'ip.map', domainMap: 'domain.map', urlMap: 'url.map' };

/** Starts HAProxy on loopback, with a folder of its own. */
export async function startHaproxy(): Promise<RunningHaproxy> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-haproxy-'));
  const port = await freePort();
  for (const name of Object.values(MAPS)) writeFileSync(path.join(folder, name), '');
  const file = path.join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration(folder, port));
  const ask = async (command: string): Promise<string> => {
    const question = {
      bytes: Buffer.from(command),
      endsWithConnection: true,
      mostBytes: 1e8,
    };
    const asked = await askSocket({ path: `${folder}/real.sock` }, question, AbortSignal.timeout(5_000));
    if (asked.kind !== 'answered') throw asked.error;
    return asked.bytes.toString();
  };
  const start = (): Promise<RunningProduct> =>
    runProduct({
      command: ['haproxy', '-db', '-f', file],
      isReady: async () => (await ask('show version\n')).startsWith('2.'),
    });
  let running = await start();
  return {
    folder,
    port,
    own: {
      socket: `${folder}/gate.sock`,
      ...Object.fromEntries(Object.entries(MAPS).map(([key, name]) => [key, path.join(folder, name)])),
    },
    admin: (command) => ask(`${command}\n`),
    status: ({ host, path: where = '/', from = '127.0.0.1', agent }) =>
      new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port,
          path: where,
          headers: { host },
          localAddress: from,
          agent: agent ?? false,
        };
        const sent = request(options, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        });
        sent.on('error', reject);
        sent.end();
      }),
    restart: async () => {
      await running.stop('SIGKILL');
      running = await start();
    },
    stop: async () => {
      await running.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const GUID = /^interdict:([0-9a-f-]{36})$/;
const ACTIONS = { 'ip.map': 'BlockIp', 'domain.map': 'BlockDomain', 'url.map': 'BlockUrl' } as const;

/** What a line of a map blocks, read without the connector's own reading. */
function effectOf(name: keyof typeof ACTIONS, key: string, value: string): Effect {
  const tenantId = GUID.exec(value)?.[1] ?? '11111111-1111-4111-8111-111111111111';
  const action = ACTIONS[name];
  if (action === 'BlockIp')
    return { tenantId, action, target: { kind: key.includes('/') ? 'cidr' : 'ip', value: key } };
  if (action === 'BlockDomain') return { tenantId, action, target: { kind: 'domain', value: key.replace(/^\./, '') } };
  const url = key.slice(2);
  return { tenantId, action, target: { kind: 'url', value: key.startsWith('b:') ? url.slice(0, -1) : url } };
}

async function effectsOf(running: RunningHaproxy): Promise<Effect[]> {
  const found: Effect[] = [];
  for (const name of Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]) {
    const text = await running.admin(`show map ${running.folder}/${name}`);
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const [, key = '', value = ''] = line.split(' ');
      found.push(effectOf(name, key, value));
    }
  }
  return found;
}

const nameOf = (effect: Effect): string =>
  ({ BlockIp: 'ip', BlockDomain: 'domain', BlockUrl: 'url' })[effect.action] ?? '';

function keyOf({ target: { kind, value } }: Effect): string {
  if (kind === 'domain') return `.${value}`;
  if (kind !== 'url') return value;
  if (value.includes('?')) return `q:${value}`;
  return value.endsWith('/') ? `d:${value}` : `b:${value}/`;
}

const isWrite = (question: Buffer): boolean => /^(?:add|del) /.test(question.toString('latin1', 0, 4));

/** The real product behind a gate: what looks before the first write of a misbehaviour comes through. */
export async function haproxyUnderTest(): Promise<ProductUnderTest> {
  const running = await startHaproxy();
  const { folder } = running;
  const map = (effect: Effect): string => `${folder}/${nameOf(effect)}.map`;
  const state = { kind: undefined as Misbehaviour['kind'] | undefined, hasWritten: false, passed: 0 };
  const gate = new Gate({
    path: `${folder}/gate.sock`,
    product: () => ({ path: `${folder}/real.sock` }),
    passes: (question) => {
      if (isWrite(question)) state.hasWritten = true;
      const passes = ['lostAnswer', 'halfAnswer', 'late'].includes(state.kind ?? '') && !state.hasWritten;
      if (passes) state.passed += 1;
      return passes;
    },
    endsConnection: true,
    refusal: (words) => () => Buffer.from(`'${words}' is not a valid IPv4 or IPv6 address.\n\n`),
    nonsense: () => Buffer.from('0x1 perhaps\n\n'),
  });
  await gate.open();
  return {
    connect: () => haproxy.open({ name: 'edge', own: running.own }, NO_PORTS),
    secrets: [],
    inForce: () => effectsOf(running),
    // What came through unharmed is not what the misbehaviour met.
    received: async () => gate.received - state.passed,
    putForeign: async (effect) => void (await running.admin(`add map ${map(effect)} ${keyOf(effect)} ${ADMIN}`)),
    lose: async (effect) => void (await running.admin(`del map ${map(effect)} ${keyOf(effect)}`)),
    restart: running.restart,
    misbehave: async (misbehaviour) => {
      Object.assign(state, { kind: misbehaviour.kind, hasWritten: false });
      await gate.misbehave(misbehaviour);
    },
    behave: async () => {
      Object.assign(state, { kind: undefined, hasWritten: false });
      await gate.behave();
    },
    stop: async () => {
      await gate.close();
      await running.stop();
    },
  };
}

/** A reverse proxy, seen by clients that ask for names. */
export async function startSeenHaproxy(): Promise<SeenProduct> {
  const running = await startHaproxy();
  chmodSync(running.folder, 0o755);
  const target = (index: number): string => `host-${index}.evil.example`;
  const agent = new Agent({ keepAlive: true });
  return {
    provider: { connector: 'haproxy', ...running.own, socket: `${running.folder}/real.sock` },
    environment: {},
    action: 'BlockDomain',
    parameter: 'Domain',
    target,
    isBlocked: async (index) => (await running.status({ host: target(index), agent })) === 403,
    lose: async (index) => void (await running.admin(`del map ${running.folder}/domain.map .${target(index)}`)),
    putForeign: async (index) =>
      void (await running.admin(`add map ${running.folder}/domain.map .${target(index)} ${ADMIN}`)),
    stop: async () => {
      agent.destroy();
      await running.stop();
    },
  };
}
