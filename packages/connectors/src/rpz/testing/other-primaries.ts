import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort, type RunningProduct, runProduct } from '../../testing/run-product.ts';
import { unboundConfig } from '../../unbound/testing/unbound-product.ts';
import { EMPTY_ZONE, KEY_NAME, SECRET, ZONE } from './bind-product.ts';
import { dig, run } from './dns-tools.ts';
import { startUpstream } from './upstream.ts';

/** A name server that has the zone and answers no clients, and an Unbound that takes the zone from it and does. */
export interface Served {
  /** Of the primary. */
  readonly port: number;
  /** Of Unbound. */
  readonly resolver: number;
  /** By nsupdate and the key, which may do no more than what it is used for here. */
  update(lines: readonly string[]): Promise<string>;
  zone(): Promise<string>;
  stopResolver(): Promise<void>;
  startResolver(): Promise<void>;
  restart(signal?: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

/** Writes what it needs into a folder, and gives the command that starts it. */
type Setup = (place: {
  readonly folder: string;
  readonly port: number;
  readonly resolver: number;
}) => Promise<readonly [string, ...string[]]>;

/** As docs/connectors/rpz.md shows it, with the secondary of this machine. */
const knot: Setup = async ({ folder, port, resolver }) => {
  writeFileSync(path.join(folder, `${ZONE}.zone`), EMPTY_ZONE);
  const file = path.join(folder, 'knot.conf');
  writeFileSync(
    file,
    `server:
  listen: 127.0.0.1@${port}
  rundir: ${folder}
database:
  storage: ${folder}
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
  - id: resolver
    address: 127.0.0.1@${resolver}
acl:
  - id: interdict
    key: ${KEY_NAME}
    action: [update, transfer]
    update-type: [CNAME, TXT]
  - id: secondaries
    address: 127.0.0.1
    action: transfer
zone:
  - domain: ${ZONE}
    storage: ${folder}
    file: ${ZONE}.zone
    acl: [interdict, secondaries]
    notify: resolver
`,
  );
  return ['/usr/sbin/knotd', '-c', file];
};

const powerdns: Setup = async ({ folder, port, resolver }) => {
  const file = path.join(folder, 'pdns.conf');
  const database = path.join(folder, 'pdns.sqlite');
  writeFileSync(
    file,
    `launch=gsqlite3
gsqlite3-database=${database}
gsqlite3-pragma-foreign-keys=yes
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
primary=yes
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
allow-axfr-ips=127.0.0.1
guardian=no
daemon=no
disable-syslog=yes
send-signed-notify=no
`,
  );
  const empty = new DatabaseSync(database);
  empty.exec(readFileSync('/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql', 'utf8'));
  empty.close();
  const util = (...args: readonly string[]): Promise<string> => run('pdnsutil', [`--config-dir=${folder}`, ...args]);
  writeFileSync(path.join(folder, 'zone'), EMPTY_ZONE);
  for (const command of [
    ['load-zone', ZONE, path.join(folder, 'zone')],
    ['set-kind', ZONE, 'primary'],
    ['import-tsig-key', KEY_NAME, 'hmac-sha256', SECRET],
    ['set-meta', ZONE, 'TSIG-ALLOW-AXFR', KEY_NAME],
    ['set-meta', ZONE, 'TSIG-ALLOW-DNSUPDATE', KEY_NAME],
    ['set-meta', ZONE, 'NOTIFY-DNSUPDATE', '1'],
    ['set-meta', ZONE, 'ALSO-NOTIFY', `127.0.0.1:${resolver}`],
  ]) {
    await util(...command);
  }
  return ['/usr/sbin/pdns_server', `--config-dir=${folder}`];
};

export const PRIMARIES = { knot, powerdns } as const;

function unbound(folder: string, port: number, primary: number, upstream: number): readonly [string, ...string[]] {
  const file = path.join(folder, 'unbound.conf');
  const server = unboundConfig({ folder, port, upstream }, 'respip iterator', '  qname-minimisation: no');
  writeFileSync(
    file,
    `${server}rpz:
  name: "${ZONE}"
  primary: 127.0.0.1@${primary}
  allow-notify: 127.0.0.1
  zonefile: "${folder}/rpz.zone"
`,
  );
  return ['/usr/sbin/unbound', '-c', file];
}

export async function startServed(setup: Setup): Promise<Served> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-rpz-'));
  chmodSync(folder, 0o755);
  const [port, resolver] = [await freePort(), await freePort()];
  const upstream = await startUpstream();
  const key = ['-y', `hmac-sha256:${KEY_NAME}:${SECRET}`];
  const zone = (): Promise<string> => run('dig', ['@127.0.0.1', '-p', `${port}`, ...key, ZONE, 'AXFR', '+tcp']);
  const command = await setup({ folder, port, resolver });
  const start = (): Promise<RunningProduct> =>
    runProduct({ command, isReady: async () => (await zone()).includes('SOA') });
  const startResolver = (): Promise<RunningProduct> =>
    runProduct({
      command: unbound(folder, resolver, port, upstream.port),
      isReady: async () => (await dig(resolver, ['ready.example A']))[0]?.status === 'NOERROR',
    });
  let primary = await start();
  let secondary = await startResolver();
  return {
    port,
    resolver,
    zone,
    update: (lines) =>
      run('nsupdate', [...key, '-v'], [`server 127.0.0.1 ${port}`, `zone ${ZONE}.`, ...lines, 'send', ''].join('\n')),
    restart: async (signal) => {
      await primary.stop(signal);
      primary = await start();
    },
    stopResolver: () => secondary.stop('SIGKILL'),
    // With its copy it would go by that until somebody notifies it again, or the zone's refresh is due.
    startResolver: async () => {
      rmSync(path.join(folder, 'rpz.zone'), { force: true });
      secondary = await startResolver();
    },
    stop: async () => {
      await secondary.stop('SIGKILL');
      await primary.stop('SIGKILL');
      upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
