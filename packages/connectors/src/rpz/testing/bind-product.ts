import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, type RunningProduct, runProduct } from '../../testing/run-product.ts';
import { dig, run } from './dns-tools.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const ZONE = 'rpz.interdict';
export const KEY_NAME = 'interdict-key';
export const SECRET = Buffer.from('a secret of thirty-two bytes, ok').toString('base64');
const ADMIN_SECRET = Buffer.from('the administrator has one as well').toString('base64');

export interface BindOptions {
  /** Stands in `response-policy { zone … }`. */
  readonly policyOptions?: string;
  readonly algorithm?: string;
  /** A secondary that is notified, and may transfer without a key. */
  readonly alsoNotify?: number;
  readonly updatePolicy?: string;
}

export interface Bind {
  readonly port: number;
  readonly upstream: Upstream;
  readonly folder: string;
  /** As an administrator with a key of his own, by nsupdate. */
  update(lines: readonly string[]): Promise<string>;
  /** The zone's records as an administrator sees them: `name ttl class type data`. */
  zone(): Promise<readonly string[]>;
  restart(signal?: NodeJS.Signals): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

const config = (folder: string, port: number, upstream: number, options: BindOptions): string => `
key "${KEY_NAME}" { algorithm ${options.algorithm ?? 'hmac-sha256'}; secret "${SECRET}"; };
key "admin" { algorithm hmac-sha256; secret "${ADMIN_SECRET}"; };
options {
  directory "${folder}"; pid-file "named.pid"; session-keyfile "session.key"; lock-file none;
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion yes; allow-query { 127.0.0.1; }; dnssec-validation no; empty-zones-enable no; minimal-responses yes;
  forward only; forwarders { 127.0.0.1 port ${upstream}; };
  response-policy { zone "${ZONE}" ${options.policyOptions ?? 'min-update-interval 0'}; } qname-wait-recurse no break-dnssec yes;
};
controls { };
zone "${ZONE}" {
  type primary; file "zone"; notify ${options.alsoNotify ? 'explicit' : 'no'}; notify-delay 0;
  ${options.alsoNotify ? `also-notify { 127.0.0.1 port ${options.alsoNotify}; };` : ''}
  allow-query { key ${KEY_NAME}; key admin; ${options.alsoNotify ? '127.0.0.1;' : ''} };
  allow-transfer { key ${KEY_NAME}; key admin; ${options.alsoNotify ? '127.0.0.1;' : ''} };
  update-policy { ${options.updatePolicy ?? `grant ${KEY_NAME} zonesub CNAME TXT;`} grant admin zonesub ANY; };
};
`;

export const EMPTY_ZONE = '$TTL 60\n@ SOA localhost. root.localhost. 1 3600 600 86400 60\n@ NS localhost.\n';

export async function startBind(options: BindOptions = {}): Promise<Bind> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-bind-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const upstream = await startUpstream();
  writeFileSync(path.join(folder, 'named.conf'), config(folder, port, upstream.port, options));
  writeFileSync(path.join(folder, 'zone'), EMPTY_ZONE);
  const isReady = async (): Promise<boolean> => (await dig(port, ['ready.example A']))[0]?.status === 'NOERROR';
  const start = (): Promise<RunningProduct> =>
    runProduct({ command: ['/usr/sbin/named', '-g', '-c', path.join(folder, 'named.conf')], isReady });
  let product = await start();
  const admin = ['-y', `hmac-sha256:admin:${ADMIN_SECRET}`];
  return {
    port,
    upstream,
    folder,
    update: (lines) =>
      run('nsupdate', [...admin, '-v'], [`server 127.0.0.1 ${port}`, `zone ${ZONE}.`, ...lines, 'send', ''].join('\n')),
    zone: async () =>
      (await run('dig', ['@127.0.0.1', '-p', `${port}`, ...admin, ZONE, 'AXFR', '+nocomments', '+nostats', '+nocmd']))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(';')),
    restart: async (signal) => {
      await product.stop(signal);
      product = await start();
    },
    log: () => product.log(),
    stop: async () => {
      await product.stop('SIGKILL');
      upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
