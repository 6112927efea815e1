import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import type { SeenProduct } from '../../testing/seen-product.ts';
import { KEY_NAME, SECRET, startBind, ZONE } from './bind-product.ts';

const NXDOMAIN = 3;
const AGAIN_MS = 200;

/** A stub resolver of a test: asks BIND over UDP as any client does. */
async function openStub(port: number): Promise<{ isBlocked(name: string): Promise<boolean>; close(): void }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const waiting = new Map<number, (isBlocked: boolean) => void>();
  socket.on('message', (bytes) => {
    const { id = 0, rcode } = decode(bytes) as { readonly id?: number; readonly rcode?: string };
    waiting.get(id)?.(rcode === 'NXDOMAIN' || (bytes.readUInt16BE(2) & 15) === NXDOMAIN);
    waiting.delete(id);
  });
  let last = 0;
  return {
    isBlocked: (name) =>
      new Promise((resolve) => {
        last = (last + 1) % 65_536;
        const question = encode({
          type: 'query',
          id: last,
          flags: RECURSION_DESIRED,
          questions: [{ type: 'A', name }],
        });
        const send = (): void => socket.send(question, port, '127.0.0.1');
        const timer = setInterval(send, AGAIN_MS);
        waiting.set(last, (isBlocked) => {
          clearInterval(timer);
          resolve(isBlocked);
        });
        send();
      }),
    close: () => void socket.close(),
  };
}

/** BIND with a response policy zone, seen by a client that asks it for names. */
export async function startSeenRpz(): Promise<SeenProduct> {
  const bind = await startBind();
  const stub = await openStub(bind.port);
  const target = (index: number): string => `host-${index}.evil.example`;
  const both = (index: number, words: (name: string) => string): Promise<string> =>
    bind.update([target(index), `*.${target(index)}`].map((name) => words(`${name}.${ZONE}.`)));
  return {
    provider: {
      connector: 'rpz',
      server: '127.0.0.1',
      port: bind.port,
      zone: ZONE,
      keyName: KEY_NAME,
      secret: { env: 'RPZ_SECRET' },
    },
    environment: { RPZ_SECRET: SECRET },
    action: 'BlockDomain',
    parameter: 'Domain',
    target,
    isBlocked: (index) => stub.isBlocked(target(index)),
    lose: async (index) => void (await both(index, (name) => `update delete ${name} CNAME`)),
    putForeign: async (index) => void (await both(index, (name) => `update add ${name} 60 CNAME .`)),
    stop: async () => {
      stub.close();
      await bind.stop();
    },
  };
}
