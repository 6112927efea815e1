import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort, type RunningProduct, runProduct } from '../../testing/run-product.ts';
import { type Origin, startOrigin } from './origin.ts';

/** How Squid is to be made to ask. */
export interface SquidTerms {
  readonly way: 'icap' | 'helper';
  /** `on`: without an answer everything passes. Default: off. */
  readonly bypass?: 'on' | 'off';
  /** Opens TLS with a CA of its own. */
  readonly bump?: boolean;
  /** Lines of an administrator's own, before ours. */
  readonly own?: readonly string[];
  /** What stands behind the list in the helper's command. */
  readonly helperArguments?: string;
  /** An ACL of what Squid does not ask about. */
  readonly exempt?: string;
  /** Squid is not told to ask anybody. */
  readonly isDeaf?: boolean;
}

export interface RunningSquid {
  readonly folder: string;
  /** Where clients ask. */
  readonly port: number;
  readonly icapPort: number;
  readonly list: string;
  readonly origin: Origin;
  /** The certificate of the CA with which it opens TLS. */
  readonly ca: string;
  readonly pid: () => number;
  restart(signal?: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

const NOBODY = 65_534;
const HELPER = path.join(import.meta.dirname, '..', 'helper.ts');
/** Names that tests open tunnels to. */
const HOSTS = ['site.example', 'good.example', 'evil.example', 'www.evil.example'];

/** As docs/connectors/squid.md has it. */
const icapLines = (port: number, bypass: string, exempt?: string): readonly string[] => [
  'icap_enable on',
  'icap_preview_enable on',
  'icap_persistent_connections on',
  'icap_service_failure_limit -1',
  'icap_service_revival_delay 1',
  `icap_service interdict reqmod_precache icap://127.0.0.1:${port}/reqmod bypass=${bypass} on-overload=wait`,
  ...(exempt ? [`acl exempt ${exempt}`, 'adaptation_access interdict deny exempt'] : []),
  'adaptation_access interdict allow all',
];

const helperLines = (command: string): readonly string[] => [
  `external_acl_type interdict ttl=0 negative_ttl=0 cache=0 children-max=2 children-startup=1 concurrency=256 %URI %METHOD %>ha{X-Interdict-Probe} ${command}`,
  'acl interdict_blocked external interdict',
  'acl interdict_probed note interdict',
  'reply_header_add X-Interdict-Verdict "%{interdict}note" interdict_probed',
  'http_access deny interdict_blocked',
];

const bumpLines = (folder: string): readonly string[] => [
  `sslcrtd_program /usr/lib/squid/security_file_certgen -s ${folder}/certificates -M 4MB`,
  'ssl_bump bump all',
  'tls_outgoing_options flags=DONT_VERIFY_PEER',
];

function writeConfiguration(folder: string, port: number, icapPort: number, origin: Origin, terms: SquidTerms): void {
  const { way, bypass = 'off', bump = false, own = [], helperArguments = '', isDeaf = false, exempt } = terms;
  const tls = bump
    ? ` ssl-bump cert=${folder}/ca.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB`
    : '';
  const helper = `${process.execPath} ${HELPER} ${folder}/list/blocked.txt ${helperArguments}`;
  const lines = [
    `http_port 127.0.0.1:${port}${tls}`,
    `pid_filename ${folder}/squid.pid`,
    `cache_log ${folder}/cache.log`,
    `access_log stdio:${folder}/access.log`,
    `coredump_dir ${folder}`,
    'cache deny all',
    'shutdown_lifetime 0 seconds',
    'pinger_enable off',
    'dns_nameservers 127.0.0.1',
    'dns_timeout 1 second',
    'dns_retransmit_interval 1 second',
    'forward_timeout 2 seconds',
    `hosts_file ${folder}/hosts`,
    `cache_peer 127.0.0.1 parent ${origin.port} 0 no-query no-digest originserver name=web`,
    'acl plain proto HTTP',
    'cache_peer_access web allow plain',
    'never_direct allow plain',
    ...(bump ? bumpLines(folder) : []),
    ...own,
    ...(isDeaf ? [] : way === 'icap' ? icapLines(icapPort, bypass, exempt) : helperLines(helper)),
    'http_access allow all',
  ];
  writeFileSync(path.join(folder, 'squid.conf'), `${lines.join('\n')}\n`);
}

function makeCa(folder: string): void {
  const file = path.join(folder, 'ca.pem');
  const names = ['-subj', '/CN=Interdict test CA', '-addext', 'basicConstraints=critical,CA:TRUE'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', file, '-out', `${file}.crt`, ...names],
    { stdio: 'ignore' },
  );
  writeFileSync(file, readFileSync(`${file}.crt`) + readFileSync(file, 'utf8'));
  execFileSync('/usr/lib/squid/security_file_certgen', ['-c', '-s', path.join(folder, 'certificates'), '-M', '4MB'], {
    stdio: 'ignore',
  });
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, path.join(folder, 'certificates'), file]);
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

function makeFolder(bump: boolean): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'squid-'));
  chmodSync(folder, 0o755);
  chownSync(folder, NOBODY, NOBODY);
  mkdirSync(path.join(folder, 'list'));
  // As the page has it: what is made in it belongs to Squid's group.
  chownSync(path.join(folder, 'list'), 0, NOBODY);
  chmodSync(path.join(folder, 'list'), 0o2750);
  writeFileSync(path.join(folder, 'hosts'), `127.0.0.1 ${HOSTS.join(' ')}\n`);
  if (bump) makeCa(folder);
  return folder;
}

/** Debian's Squid, as nobody, on ports and in a folder of its own. */
export async function startSquid(terms: SquidTerms): Promise<RunningSquid> {
  const folder = makeFolder(terms.bump === true);
  const [port, icapPort, origin] = [await freePort(), await freePort(), await startOrigin()];
  writeConfiguration(folder, port, icapPort, origin, terms);
  const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] as const;
  const run = (): Promise<RunningProduct> =>
    runProduct({
      command: [...user, '/usr/sbin/squid', '-N', '-f', path.join(folder, 'squid.conf')],
      isReady: () => takesConnections(port),
      cwd: folder,
    });
  let running = await run();
  return {
    folder,
    port,
    icapPort,
    list: path.join(folder, 'list', 'blocked.txt'),
    origin,
    ca: terms.bump ? readFileSync(path.join(folder, 'ca.pem.crt'), 'utf8') : '',
    pid: () => running.pid,
    restart: async (signal) => {
      await running.stop(signal);
      running = await run();
    },
    stop: async () => {
      // It takes two seconds over a kinder end, and keeps nothing.
      await running.stop('SIGKILL');
      await origin.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
