/** A process of the bench, in the namespace of those to be blocked: sends a packet every 0.2 ms or so, and keeps when. */
import { createSocket, type Socket } from 'node:dgram';
import { monotonicMs } from './monotonic.ts';

export type SenderOrder =
  /** Sends from this address until it is told to stop. */
  | { readonly kind: 'start'; readonly from: string; readonly to: string; readonly port: number; readonly run: number }
  /** How many packets were sent so far? */
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' };

const EVERY_MS = 0.2;
const nobody = new Int32Array(new SharedArrayBuffer(4));

let socket: Socket | undefined;
let sentAt: number[] = [];

/** The kernel has the packet when `send` returns: on a connected socket nothing is looked up and nothing queues. */
function sendOn(current: Socket, run: number): void {
  if (socket !== current) return;
  const packet = Buffer.alloc(8);
  packet.writeUInt32BE(run, 0);
  packet.writeUInt32BE(sentAt.length, 4);
  sentAt.push(monotonicMs());
  current.send(packet);
  // Sleeps: no timer of Node is that short, and spinning would take a core from the server.
  Atomics.wait(nobody, 0, 0, EVERY_MS);
  setImmediate(sendOn, current, run);
}

function start({ from, to, port, run }: Extract<SenderOrder, { kind: 'start' }>): Promise<object> {
  return new Promise((resolve, reject) => {
    const current = createSocket('udp4');
    current.on('error', reject);
    current.bind({ address: from, port: 0 }, () => {
      current.connect(port, to, () => {
        socket = current;
        sentAt = [];
        sendOn(current, run);
        resolve({});
      });
    });
  });
}

function stop(): object {
  socket?.close();
  socket = undefined;
  return { sentAt };
}

async function carry(order: SenderOrder): Promise<object> {
  if (order.kind === 'start') return start(order);
  return order.kind === 'count' ? { sent: sentAt.length } : stop();
}

process.on('message', (order: SenderOrder) => {
  carry(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
