import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { BlockList } from './block-list.ts';
import { ByteReader } from './byte-reader.ts';
import {
  errorAnswer,
  type IcapHead,
  optionsAnswer,
  parseHttpHead,
  parseIcapHead,
  refusal,
  sameAnswer,
  UNCHANGED,
} from './icap-message.ts';
import { judge } from './judge.ts';

/** Connections at once: Squid is told, and keeps to it. */
export const MOST_CONNECTIONS = 1_000;
const MOST_HEAD = 64 * 1024;
/** Squid's own bound is 64 KB. A longer one is refused: what was not read is not let through. */
const MOST_HTTP_HEAD = 128 * 1024;
/** Of a body that nobody wants. Squid holds at most 64 KB for a server that may answer 204. */
const MOST_UNWANTED = 1024 * 1024;
const MOST_CHUNK = 16 * 1024 * 1024;
/** From the first byte of a request until its heads are here, and again until its unwanted body is. */
const READ_MS = 10_000;
const LINGER_MS = 1_000;

interface Session {
  readonly socket: Socket;
  readonly reader: ByteReader;
  readonly list: BlockList;
}

/** Ends a connection whose peer takes longer. */
async function inTime<T>({ socket }: Session, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(), READ_MS);
  return await work().finally(() => clearTimeout(timer));
}

async function say({ socket }: Session, bytes: string | Buffer): Promise<void> {
  if (socket.destroyed) throw new Error('it broke off');
  if (!socket.write(bytes, 'latin1')) await once(socket, 'drain', { signal: AbortSignal.timeout(READ_MS) });
}

/** One chunk of a body, with its frame; undefined after the last. */
async function nextChunk({ reader }: Session): Promise<{ bytes: Buffer; isLast: boolean }> {
  const line = await reader.until('\r\n', 1_024);
  const hex = /^([0-9a-f]{1,7})[ \t]*(?:;[^\r\n]*)?\r\n$/i.exec(line.toString('latin1'))?.[1];
  const size = Number.parseInt(hex ?? '', 16);
  if (Number.isNaN(size) || size > MOST_CHUNK) throw new Error('its body is no chunks');
  const rest = await reader.exactly(size + 2);
  if (rest.toString('latin1', size) !== '\r\n') throw new Error('its body is no chunks');
  return { bytes: Buffer.concat([line, rest]), isLast: size === 0 };
}

/** Takes what the client sends of the body after, or before, it has its answer. */
const skipBody = (session: Session): Promise<void> =>
  inTime(session, async () => {
    for (let taken = 0; taken <= MOST_UNWANTED; ) {
      const { bytes, isLast } = await nextChunk(session);
      if (isLast) return;
      taken += bytes.length;
    }
    throw new Error('its body has no end');
  });

async function echo(session: Session, head: IcapHead, httpHead: Buffer): Promise<void> {
  await say(session, sameAnswer(head));
  await say(session, httpHead);
  for (let isOver = !head.hasBody; !isOver; ) {
    const { bytes, isLast } = await nextChunk(session);
    await say(session, bytes);
    isOver = isLast;
  }
}

async function answerRequest(session: Session, head: IcapHead, httpHead: Buffer): Promise<void> {
  const { list } = session;
  // What was read last stays in force while the list cannot be read.
  await list.refresh().catch(() => undefined);
  const { isRefused, verdict } = judge(list, parseHttpHead(httpHead.toString('latin1')));
  if (head.hasBody && head.hasPreview) await skipBody(session);
  if (isRefused) await say(session, refusal(verdict));
  else if (head.hasPreview || head.allows204) await say(session, UNCHANGED);
  else return await echo(session, head, httpHead);
  if (head.hasBody && !head.hasPreview) await skipBody(session);
}

/** @returns whether the connection goes on */
async function answerOne(session: Session): Promise<boolean> {
  const { reader } = session;
  const { head, httpHead } = await inTime(session, async () => {
    const head = parseIcapHead((await reader.until('\r\n\r\n', MOST_HEAD)).toString('latin1'));
    const isRead = head.method === 'REQMOD' && head.httpHeadBytes <= MOST_HTTP_HEAD;
    return { head, httpHead: isRead ? await reader.exactly(head.httpHeadBytes) : undefined };
  });
  const isOptions = head.method === 'OPTIONS' && !head.hasBody;
  if (isOptions) await say(session, optionsAnswer(MOST_CONNECTIONS));
  else if (httpHead) await answerRequest(session, head, httpHead);
  else await say(session, head.method === 'REQMOD' ? refusal(undefined) : errorAnswer('405 Method Not Allowed'));
  return !head.closes && (isOptions || httpHead !== undefined);
}

/** Answers one client until he goes. Whatever he sends, nothing is thrown. */
export async function serveIcap(socket: Socket, list: BlockList): Promise<void> {
  const session: Session = { socket, list, reader: new ByteReader(socket) };
  try {
    while ((await session.reader.begins()) && (await answerOne(session)));
    socket.end();
  } catch {
    if (!socket.destroyed) socket.end(errorAnswer('400 Bad Request'));
  } finally {
    // What is left of his request is thrown away, so that he sees his answer; he is not waited for.
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer)).resume();
  }
}
