import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, type RunningProduct, runProduct } from '../../testing/run-product.ts';

const run = promisify(execFile);

export const MACHINE = 'interdict';
export const PASSWORD = 'a-password-of-the-machine/+0123456789';
export const BOUNCER_KEY = 'a-key-of-the-bouncer-0123456789';

/** CrowdSec's local API alone, offline, in a folder of its own. */
export interface CrowdsecProduct {
  readonly port: number;
  readonly folder: string;
  /** CrowdSec's own client, which opens the database itself: what it writes to standard output. */
  cscli(...args: string[]): Promise<string>;
  /** What its client lists as active: one row for each decision. */
  decisions(): Promise<readonly CscliDecision[]>;
  /** What the server logs: a line for each request. */
  log(): string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface CscliDecision {
  readonly id: number;
  readonly origin: string;
  readonly scenario: string;
  readonly scope: string;
  readonly type: string;
  readonly value: string;
  readonly duration: string;
}

const config = (folder: string, listen: string, tls: string): string => `
common: {daemonize: false, log_media: stdout, log_level: info, working_dir: ${folder}}
config_paths:
  config_dir: ${folder}
  data_dir: ${folder}
  simulation_path: ${folder}/simulation.yaml
  hub_dir: ${folder}
  index_path: ${folder}/.index.json
  notification_dir: ${folder}
  plugin_dir: ${folder}
cscli: {output: json, color: no}
db_config: {log_level: info, type: sqlite, db_path: ${folder}/crowdsec.db, use_wal: true, flush: {max_items: 100000, max_age: 90d}}
api:
  client: {insecure_skip_verify: true, credentials_path: ${folder}/credentials.yaml}
  server: {log_level: info, listen_uri: "${listen}", profiles_path: ${folder}/profiles.yaml, console_path: ${folder}/console.yaml${tls}}
prometheus: {enabled: false}
`;

const PROFILES = 'name: nothing\nfilters: ["false"]\ndecisions: [{type: ban, duration: 4h}]\non_success: break\n';

async function writeFolder(folder: string, listen: string, tls: string): Promise<void> {
  const files = {
    'config.yaml': config(folder, listen, tls),
    'simulation.yaml': 'simulation: off\n',
    '.index.json': '{}\n',
    'console.yaml': '',
    'profiles.yaml': PROFILES,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
}

export interface CrowdsecOptions {
  /** Where it listens; absent: loopback. */
  readonly address?: string;
  /** Puts it into a network namespace, as the first words of a command. */
  readonly enter?: readonly string[];
  /** Files with which it serves TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts it with one machine account and one key, as an administrator makes them for Interdict. */
export async function startCrowdsec(options: CrowdsecOptions = {}): Promise<CrowdsecProduct> {
  const { address = '127.0.0.1', enter = [], tls } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'interdict-crowdsec-'));
  const port = await freePort();
  const files = tls ? `, tls: {cert_file: ${tls.cert}, key_file: ${tls.key}}` : '';
  await writeFolder(folder, `${address}:${port}`, files);
  const file = path.join(folder, 'config.yaml');
  const cscli = async (...args: string[]): Promise<string> =>
    (await run('cscli', ['-c', file, ...args], { maxBuffer: 64 * 1024 ** 2 })).stdout;
  await cscli('machines', 'add', MACHINE, '--password', PASSWORD, '-f', path.join(folder, 'machine.yaml'));
  await cscli('bouncers', 'add', 'interdict', '-k', BOUNCER_KEY);
  // What cscli itself writes and lists with.
  await cscli('machines', 'add', 'administrator', '--auto', '-f', path.join(folder, 'credentials.yaml'));
  const [program = 'crowdsec', ...args] = [...enter, 'crowdsec', '-c', file, '-no-cs'];
  const command = [program, ...args] as const;
  const start = (): Promise<RunningProduct> => {
    let product: RunningProduct | undefined;
    const isReady = async (): Promise<boolean> => {
      if (enter.length > 0) return (product?.log() ?? '').includes('listening');
      const scheme = tls ? 'https' : 'http';
      return (await run('curl', ['-fsk', `${scheme}://${address}:${port}/health`])).stdout.includes('up');
    };
    return runProduct({ command, isReady, cwd: folder }).then((started) => {
      product = started;
      return started;
    });
  };
  let product = await start();
  return {
    port,
    folder,
    cscli,
    async decisions() {
      const alerts = JSON.parse((await cscli('decisions', 'list', '--all', '--limit', '0')) || 'null') as
        | readonly { readonly decisions: readonly CscliDecision[] }[]
        | null;
      return (alerts ?? []).flatMap(({ decisions }) => decisions);
    },
    log: () => product.log(),
    async restart() {
      await product.stop();
      product = await start();
    },
    async stop() {
      await product.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
