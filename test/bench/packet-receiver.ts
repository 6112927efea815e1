/** A process of the bench, on the gateway: remembers which packets came through. */
import { createSocket } from 'node:dgram';
import { monotonicMs } from './monotonic.ts';

interface Heard {
  last: number;
  atMs: number;
}

const runs = new Map<number, Heard>();
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });

socket.on('message', (packet) => {
  const run = packet.readUInt32BE(0);
  const last = packet.readUInt32BE(4);
  const atMs = monotonicMs();
  const heard = runs.get(run);
  if (!heard) runs.set(run, { last, atMs });
  else if (last > heard.last) Object.assign(heard, { last, atMs });
});
socket.bind(0, '0.0.0.0', () => process.send?.(socket.address().port));

/** The highest packet of a run, and since when there was none. */
process.on('message', ({ run }: { readonly run: number }) => {
  const { last = -1, atMs = 0 } = runs.get(run) ?? {};
  process.send?.({ result: { last, silentMs: last < 0 ? 0 : monotonicMs() - atMs } });
});
process.on('disconnect', () => process.exit());
