import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, type RunningProduct, runProduct } from '../../testing.ts';

export const PASSWORDS = { interdict: 'password-of-interdict-4712', consumer: 'password-of-consumers' } as const;

/** What each may do at the broker: Interdict commands and hears, consumers hear commands and respond. */
const RIGHTS = `
user interdict
topic write oc2/cmd/#
topic read oc2/rsp
topic read oc2/rsp/interdict
user consumer
topic read oc2/cmd/#
topic write oc2/rsp/#
topic write oc2/rsp
`;

export interface Broker {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => resolve(false));
  });

/** A real mosquitto with two accounts, on a port of loopback. */
export async function makeBroker(): Promise<Broker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'interdict-mosquitto-'));
  const port = await freePort();
  const file = (name: string): string => path.join(folder, name);
  writeFileSync(file('passwords'), `interdict:${PASSWORDS.interdict}\nconsumer:${PASSWORDS.consumer}\n`);
  spawnSync('mosquitto_passwd', ['-U', file('passwords')]);
  writeFileSync(file('rights'), RIGHTS);
  writeFileSync(
    file('mosquitto.conf'),
    [
      'per_listener_settings false',
      `listener ${port} 127.0.0.1`,
      'user root',
      'allow_anonymous false',
      `password_file ${file('passwords')}`,
      `acl_file ${file('rights')}`,
      'set_tcp_nodelay true',
      'persistence false',
      'max_keepalive 600',
      'log_dest stderr',
    ].join('\n'),
  );
  chownSync(folder, 0, 0);
  let running: RunningProduct | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    port,
    start: async () => {
      if (running) return;
      const command = ['/usr/sbin/mosquitto', '-c', file('mosquitto.conf')] as const;
      running = await runProduct({ command: [...command], isReady: () => answers(port) });
    },
    stop,
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
