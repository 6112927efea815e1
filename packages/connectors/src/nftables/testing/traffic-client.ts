/** A process of a test: sends what it is told to, and tells what came back. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';

export type TrafficOrder =
  | { readonly kind: 'startUdp'; readonly address: string; readonly perSecond: number }
  /** Ends after so many datagrams, at once where it is 0, and waits for the last echoes. */
  | { readonly kind: 'stopUdp'; readonly after: number }
  | { readonly kind: 'connect'; readonly address: string }
  /** Whether the text comes back on the standing connection within the time. */
  | { readonly kind: 'say'; readonly text: string; readonly withinMs: number };

export interface TrafficReport {
  readonly sent?: number;
  readonly echoed?: number;
  readonly isHeard?: boolean;
}

const PORT = 7000;
/** Longer than any echo takes in namespaces of one machine. */
const LAST_ECHO_MS = 400;

interface Stream {
  readonly socket: UdpSocket;
  readonly timer: NodeJS.Timeout;
  sent: number;
  echoed: number;
}

let stream: Stream | undefined;
let connection: Socket | undefined;
let heard = '';

function startUdp(address: string, perSecond: number): TrafficReport {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const startedAt = performance.now();
  const pace = (): void => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
    for (; current.sent < due; current.sent += 1) socket.send(`probe ${current.sent}`, PORT, address);
  };
  const current: Stream = { socket, timer: setInterval(pace, 1), sent: 0, echoed: 0 };
  socket.on('message', () => {
    current.echoed += 1;
  });
  socket.on('error', () => undefined);
  stream = current;
  return {};
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function stopUdp(count: number): Promise<TrafficReport> {
  if (!stream) throw new Error('Nothing is being sent.');
  const { socket, timer } = stream;
  while (stream.sent < count) await after(2);
  clearInterval(timer);
  await after(LAST_ECHO_MS);
  socket.close();
  return { sent: stream.sent, echoed: stream.echoed };
}

function open(address: string): Promise<TrafficReport> {
  return new Promise((resolve, reject) => {
    const socket = connect(PORT, address, () => resolve({}));
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      heard += text;
    });
    connection = socket;
  });
}

async function say(text: string, withinMs: number): Promise<TrafficReport> {
  connection?.write(text);
  const until = performance.now() + withinMs;
  while (!heard.includes(text) && performance.now() < until) await after(5);
  return { isHeard: heard.includes(text) };
}

function carryOut(order: TrafficOrder): TrafficReport | Promise<TrafficReport> {
  switch (order.kind) {
    case 'startUdp':
      return startUdp(order.address, order.perSecond);
    case 'stopUdp':
      return stopUdp(order.after);
    case 'connect':
      return open(order.address);
    case 'say':
      return say(order.text, order.withinMs);
  }
}

process.on('message', (message: TrafficOrder & { id: number }) => {
  Promise.resolve(carryOut(message)).then(
    (report) => process.send?.({ id: message.id, ...report }),
    (error: unknown) => process.send?.({ id: message.id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ kind: 'listening' });
