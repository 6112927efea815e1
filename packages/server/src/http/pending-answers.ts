import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Pending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Requests of a connection that are not answered yet, oldest first. */
const pendingOf = new WeakMap<Socket, Pending[]>();

function pendingOn(socket: Socket): Pending[] {
  const known = pendingOf.get(socket);
  if (known) return known;
  const all: Pending[] = [];
  pendingOf.set(socket, all);
  return all;
}

/** Whether anything was asked over the connection so far. */
export const hasAsked = (socket: Socket): boolean => pendingOf.has(socket);

/** @returns the answer that the one to this request has to wait for */
export function notePending(request: IncomingMessage, response: ServerResponse): ServerResponse | undefined {
  const all = pendingOn(request.socket);
  const last = all.at(-1);
  const pending = { request, response };
  all.push(pending);
  response.on('close', () => {
    const at = all.indexOf(pending);
    if (at >= 0) all.splice(at, 1);
  });
  return last?.response;
}

/**
 * Runs `answer` when the answers to earlier requests on the connection are out: whoever sends several at once takes
 * the first answer for the first request. A request that was answered before its body broke gets no second answer.
 */
export async function afterPending(socket: Socket, answer: () => void): Promise<void> {
  const all = [...(pendingOf.get(socket) ?? [])];
  const broken = all.find(({ request }) => !request.complete);
  const earlier = all.filter((pending) => pending !== broken);
  await Promise.all(earlier.map(({ response }) => new Promise((resolve) => response.once('close', resolve))));
  if (broken?.response.headersSent) socket.destroySoon();
  else answer();
}
