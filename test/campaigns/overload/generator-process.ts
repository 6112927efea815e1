/** A process that sends streams of requests over raw sockets: light, so that it can send more than the server can carry. */
import net from 'node:net';
import { requestBody } from '../../bench/request-body.ts';
import type { Fate, LoadPlan, Sent, Stream, StreamResult } from './load-plan.ts';

interface Line {
  readonly socket: net.Socket;
  isOpen: boolean;
  /** What it waits for an answer to. */
  request: { readonly index: number; readonly dueMs: number } | undefined;
  received: string;
  freeSince: number;
}

interface Running {
  readonly plan: LoadPlan;
  readonly stream: Stream;
  readonly beganAt: number;
  readonly lines: Set<Line>;
  readonly free: Line[];
  readonly sent: Sent[];
  connecting: number;
  due: number;
  next: number;
  senderLateMs: number;
  isOver: boolean;
}

/** More at once, and the kernel drops them for a second. */
const MOST_CONNECTING = 200;
const LAST_ANSWERS_MS = 8_000;

const elapsed = ({ beganAt }: Running): number => performance.now() - beganAt;

function textOf({ plan, stream }: Running, index: number): string {
  const post = 'cancel' in stream.sent ? undefined : requestBody(plan.provider, index);
  const id = 'cancel' in stream.sent ? (stream.sent.cancel[index] ?? '') : '';
  const path = post === undefined ? `securityActions/${id}/cancelSecurityAction` : 'securityActions';
  const body = post ?? '{}';
  return (
    `POST /beta/security/${path} HTTP/1.1\r\nHost: ${plan.host}:${plan.port}\r\nAuthorization: Bearer ${stream.token}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

function note(running: Running, line: Line, fate: Fate, more: Pick<Sent, 'id' | 'words'> = {}): void {
  if (!line.request) return;
  running.sent.push({ ...line.request, doneMs: elapsed(running), fate, ...more });
  line.request = undefined;
}

const REFUSALS = new Set(['429', '503']);

function judge(running: Running, line: Line, head: string): void {
  const status = head.slice(9, 12);
  if (status === '201' || status === '200') {
    const id = /\r\nlocation: \S*\/([0-9a-f-]{36})\r\n/i.exec(head)?.[1];
    note(running, line, 'ok', id === undefined ? {} : { id });
  } else if (REFUSALS.has(status) && /\r\nretry-after: \d+\r\n/i.test(head)) note(running, line, 'refused');
  else note(running, line, 'wrong', { words: `${status}: ${line.received.slice(-300)}` });
}

function takeAnswer(running: Running, line: Line): void {
  const end = line.received.indexOf('\r\n\r\n');
  if (end < 0) return;
  const head = line.received.slice(0, end + 2);
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  // Bodies are ASCII here: characters are bytes.
  if (line.received.length < end + 4 + length) return;
  judge(running, line, head);
  line.received = '';
  if (/\r\nconnection: close/i.test(head)) line.socket.destroy();
  else release(running, line);
}

/** In a closed loop a free line sends the next at once. */
function release(running: Running, line: Line): void {
  if (running.isOver) line.socket.destroy();
  else if (running.stream.perSecond === undefined) {
    running.due += 1;
    send(running, line, elapsed(running));
  } else {
    line.freeSince = performance.now();
    running.free.push(line);
  }
}

/** The server ends what is idle for five seconds: a request must not meet that. */
const STALE_MS = 3_000;

function takeFree({ free }: Running): Line | undefined {
  for (;;) {
    const line = free.pop();
    if (!line || performance.now() - line.freeSince < STALE_MS) return line;
    line.socket.destroy();
  }
}

function send(running: Running, line: Line, dueMs: number): void {
  const index = running.next;
  running.next += 1;
  line.request = { index, dueMs };
  line.socket.write(textOf(running, index), 'latin1');
}

function closed(running: Running, line: Line): void {
  if (!line.isOpen) running.connecting -= 1;
  running.lines.delete(line);
  note(running, line, 'broken', { words: 'The connection ended without an answer.' });
  const at = running.free.indexOf(line);
  if (at >= 0) running.free.splice(at, 1);
  if (running.stream.perSecond === undefined && !running.isOver) open(running);
}

function open(running: Running, dueMs?: number): void {
  const { host, port } = running.plan;
  const socket = net.connect({ port, host, noDelay: true });
  const line: Line = { socket, isOpen: false, request: undefined, received: '', freeSince: 0 };
  running.lines.add(line);
  running.connecting += 1;
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  socket.on('close', () => closed(running, line));
  socket.on('data', (chunk) => {
    line.received += String(chunk);
    takeAnswer(running, line);
  });
  socket.on('connect', () => {
    line.isOpen = true;
    running.connecting -= 1;
    if (dueMs === undefined) release(running, line);
    else send(running, line, dueMs);
  });
}

function sendDue(running: Running, perSecond: number): void {
  const until = Math.floor((elapsed(running) / 1_000) * perSecond);
  const { connections } = running.stream;
  for (; running.due < until; running.due += 1) {
    const dueMs = (running.due * 1_000) / perSecond;
    const line = takeFree(running);
    if (line) send(running, line, dueMs);
    else if (running.lines.size < connections && running.connecting < MOST_CONNECTING) open(running, dueMs);
  }
}

const TICK_MS = 1;

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function run(plan: LoadPlan, stream: Stream): Promise<StreamResult> {
  const next = 'cancel' in stream.sent ? 0 : stream.sent.firstIndex;
  const beganAt = performance.now();
  const running: Running = {
    ...{ plan, stream, beganAt, next, lines: new Set<Line>(), free: [], sent: [] },
    ...{ connecting: 0, due: 0, senderLateMs: 0, isOver: false },
  };
  const { perSecond, seconds } = stream;
  if (perSecond === undefined) for (let at = 0; at < stream.connections; at += 1) open(running);
  while (elapsed(running) < seconds * 1_000) {
    if (perSecond !== undefined) sendDue(running, perSecond);
    const wakesAt = elapsed(running) + TICK_MS;
    await after(TICK_MS);
    running.senderLateMs = Math.max(running.senderLateMs, elapsed(running) - wakesAt);
  }
  running.isOver = true;
  for (const line of running.free.splice(0)) line.socket.destroy();
  const giveUpAt = performance.now() + LAST_ANSWERS_MS;
  while (running.lines.size > 0 && performance.now() < giveUpAt) await after(20);
  for (const line of running.lines) {
    note(running, line, 'broken', { words: `No answer within ${LAST_ANSWERS_MS} ms of the end.` });
    line.socket.destroy();
  }
  const { due, sent, senderLateMs } = running;
  return { name: stream.name, due, sent, senderLateMs };
}

process.on('message', (plan: LoadPlan) => {
  void Promise.all(plan.streams.map((stream) => run(plan, stream))).then((results) => process.send?.(results));
});
process.on('disconnect', () => process.exit());
