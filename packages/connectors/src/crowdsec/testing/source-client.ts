/** A process of a test: sends one datagram from an address that it is told, and tells whether its echo came. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface SourceOrder {
  readonly from: string;
  readonly to: string;
  /** An address of the same family that nothing blocks. */
  readonly control: string;
}

const PORT = 7000;
/** Should even the control get lost. */
const AGAIN_MS = 200;

function open(address: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.once('error', reject);
  socket.bind(0, address, () => resolve(socket));
  return promise;
}

/** Datagrams keep their order on this way: when the control's echo is here, the other's would be. */
async function isHeard({ from, to, control }: SourceOrder): Promise<boolean> {
  const [probe, witness] = await Promise.all([open(from), open(control)]);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  probe.on('message', () => resolve(true));
  witness.on('message', () => setImmediate(() => resolve(false)));
  const send = (): void => {
    probe.send('probe', PORT, to);
    witness.send('witness', PORT, to);
  };
  send();
  const timer = setInterval(send, AGAIN_MS);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
    probe.close();
    witness.close();
  }
}

process.on('message', (order: SourceOrder & { id: number }) => {
  isHeard(order).then(
    (heard) => process.send?.({ id: order.id, isHeard: heard }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ kind: 'listening' });
