import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, RECURSION_AVAILABLE } from 'dns-packet';

/** Stands for the rest of DNS: every name exists; `ip-203-0-113-9.…` has that address. */
export interface Upstream {
  readonly port: number;
  /** The names that a resolver has asked for, in lower case. */
  readonly asked: string[];
  stop(): void;
}

const ADDRESS = /^ip-(\d+)-(\d+)-(\d+)-(\d+)\./;
const ADDRESS6 = /^ip6-([0-9a-f-]+)\./;

export async function startUpstream(): Promise<Upstream> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (bytes, from) => {
    const { id, questions = [] } = decode(bytes);
    const [question] = questions;
    if (!question) return;
    const name = question.name.toLowerCase();
    asked.push(name);
    const v4 = ADDRESS.exec(name)?.slice(1).join('.') ?? '192.0.2.1';
    const v6 = ADDRESS6.exec(name)?.[1]?.replaceAll('-', ':');
    const answers =
      question.type === 'A'
        ? [{ type: 'A' as const, name: question.name, ttl: 1, data: v4 }]
        : question.type === 'AAAA' && v6
          ? [{ type: 'AAAA' as const, name: question.name, ttl: 1, data: v6 }]
          : [];
    socket.send(
      encode({ type: 'response', id: id ?? 0, flags: RECURSION_AVAILABLE, questions, answers }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, asked, stop: () => void socket.close() };
}
