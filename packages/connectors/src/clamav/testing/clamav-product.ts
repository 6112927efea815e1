import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type RunningProduct, runProduct } from '../../testing.ts';

const run = promisify(execFile);

const isRoot = process.getuid?.() === 0;

/** A clamd of its own, as the user clamav where the test is root, with the folder that Interdict writes. */
export interface RunningClamd {
  /** Holds the rest. The user clamav owns it. */
  readonly home: string;
  readonly folder: string;
  readonly socket: string;
  /** What clamd wrote so far. */
  log(): string;
  /** By `clamdscan`: path → name of what was found, for each of the files in which something was. */
  scan(...files: string[]): Promise<ReadonlyMap<string, string>>;
  /** As an administrator does: `clamdscan --reload`. Returns before clamd has read. */
  reload(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it, and takes everything away. */
  discard(): Promise<void>;
}

/** Further lines of clamd.conf. */
export type MoreSettings = (home: string) => readonly string[];

const settings = (home: string, more: MoreSettings): string =>
  [
    'Foreground yes',
    'LogTime no',
    'LogSyslog no',
    `LocalSocket ${home}/clamd.sock`,
    'LocalSocketMode 660',
    `DatabaseDirectory ${home}/signatures`,
    `TemporaryDirectory ${home}`,
    'SelfCheck 600',
    'Bytecode no',
    'ConcurrentDatabaseReload yes',
    ...(isRoot ? ['User clamav'] : []),
    ...more(home),
    '',
  ].join('\n');

const numberOf = async (flag: '-u' | '-g'): Promise<number> => Number((await run('id', [flag, 'clamav'])).stdout);

async function makeHome(more: MoreSettings): Promise<string> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'interdict-clamav-'));
  await chmod(home, 0o755);
  await mkdir(path.join(home, 'signatures'));
  await writeFile(path.join(home, 'signatures', 'interdict.hsb'), '# Interdict writes here\n');
  await writeFile(path.join(home, 'clamd.conf'), settings(home, more));
  if (isRoot) await chown(home, await numberOf('-u'), await numberOf('-g'));
  return home;
}

/** clamdscan exits with 1 where something was found. */
async function scan(conf: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const args = ['--config-file', conf, '--fdpass', '--no-summary', '--infected', ...files];
  const { stdout } = await run('clamdscan', args, { maxBuffer: 64 * 1024 * 1024 }).catch((error) => {
    if (error.code === 1) return error as { stdout: string };
    throw error;
  });
  const found = stdout.matchAll(/^(.+): (\S+?)(?:\.UNOFFICIAL)? FOUND$/gm);
  return new Map([...found].map(([, file = '', name = '']) => [file, name]));
}

export async function startClamd(more: MoreSettings = () => []): Promise<RunningClamd> {
  const home = await makeHome(more);
  const conf = path.join(home, 'clamd.conf');
  let clamd: RunningProduct | undefined;
  const running: RunningClamd = {
    home,
    folder: path.join(home, 'signatures'),
    socket: path.join(home, 'clamd.sock'),
    log: () => clamd?.log() ?? '',
    scan: (...files) => scan(conf, files),
    reload: async () => void (await run('clamdscan', ['--config-file', conf, '--reload'])),
    start: async () => {
      const isReady = async () =>
        (await run('clamdscan', ['--config-file', conf, '--ping', '1'])).stdout.includes('PONG');
      clamd = await runProduct({ command: ['/usr/sbin/clamd', '--config-file', conf], isReady });
    },
    stop: async () => clamd?.stop(),
    discard: async () => {
      await clamd?.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
  await running.start();
  return running;
}
