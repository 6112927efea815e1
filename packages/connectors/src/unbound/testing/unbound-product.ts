import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startUpstream } from '../../rpz/testing/upstream.ts';
import { freePort, type RunningProduct, runProduct } from '../../testing.ts';

const run = promisify(execFile);

/** Unbound on loopback, and its own clients. */
export interface UnboundProduct {
  readonly folder: string;
  readonly socket: string;
  readonly port: number;
  /** `unbound-control`, the program of the package. */
  control(...args: readonly string[]): Promise<string>;
  /** The rcode and flags that `dig` sees. */
  dig(name: string): Promise<string>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  /** The port of all that it forwards to. */
  readonly upstream: number;
}

/** An Unbound in the foreground that is nobody's but the test's; `more`: lines of the clause `server:`. */
export const unboundConfig = ({ folder, port, upstream }: Place, modules: string, more = ''): string => `server:
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  logfile: ""
  module-config: "${modules}"
  do-ip6: no
  do-not-query-localhost: no
${more}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${upstream}
`;

/** `more`: lines of the administrator's in the clause `server:`. */
export async function startUnbound(more = ''): Promise<UnboundProduct> {
  const folder = mkdtempSync(path.join(tmpdir(), 'interdict-unbound-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const upstream = await startUpstream();
  const [configFile, socket] = [path.join(folder, 'unbound.conf'), path.join(folder, 'control.sock')];
  writeFileSync(
    configFile,
    `${unboundConfig({ folder, port, upstream: upstream.port }, 'iterator', more)}remote-control:
  control-enable: yes
  control-interface: ${socket}
  control-use-cert: no
`,
  );
  const control = async (...args: readonly string[]): Promise<string> =>
    (await run('/usr/sbin/unbound-control', ['-c', configFile, ...args], { maxBuffer: 64 * 1024 ** 2 })).stdout;
  const start = (): Promise<RunningProduct> =>
    runProduct({
      command: ['/usr/sbin/unbound', '-c', configFile],
      isReady: async () => (await control('status')).includes('is running'),
    });
  let running = await start();
  return {
    folder,
    socket,
    port,
    control,
    dig: async (name) =>
      (
        await run('/usr/bin/dig', [
          '@127.0.0.1',
          '-p',
          `${port}`,
          '+tries=1',
          '+time=5',
          '+noall',
          '+comments',
          name,
          'A',
        ])
      ).stdout,
    restart: async () => {
      await running.stop();
      running = await start();
    },
    stop: async () => {
      await running.stop();
      upstream.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
