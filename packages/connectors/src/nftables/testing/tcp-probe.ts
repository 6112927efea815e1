/** A process of a test: says of addresses whether a connection to them comes through. A refusal has come through. */
import { connect } from 'node:net';

interface Order {
  readonly id: number;
  readonly address: string;
  readonly port: number;
  readonly withinMs: number;
}

function comesThrough({ address, port, withinMs }: Order): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (passes: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(passes);
    };
    const timer = setTimeout(() => settle(false), withinMs);
    socket.on('connect', () => settle(true));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ECONNREFUSED'));
  });
}

process.on('message', (order: Order) => {
  void comesThrough(order).then((passes) => process.send?.({ id: order.id, passes }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
