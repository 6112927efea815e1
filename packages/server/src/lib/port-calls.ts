import type { MessagePort, Worker } from 'node:worker_threads';
import { asError } from './as-error.ts';

/** What a thread offers to another: each takes one value and gives one back, plain data both. */
export type PortMethods = Readonly<Record<string, (argument: never) => unknown>>;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

interface ThrownShape {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
}

type Response = { readonly id: number } & ({ readonly value: unknown } | { readonly thrown: ThrownShape });

const shapeOf = (thrown: unknown): ThrownShape => {
  const error = asError(thrown);
  return { name: error.name, message: error.message, stack: error.stack, code: (error as NodeJS.ErrnoException).code };
};

/** An error that was thrown in another thread, with that thread's stack. */
export class ThrownElsewhere extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor(shape: ThrownShape) {
    super(shape.message);
    this.name = shape.name;
    this.code = shape.code;
    if (shape.stack !== undefined) this.stack = shape.stack;
  }
}

/** Errors as data, for outcomes that travel inside a value. */
export const packThrown = shapeOf;
export const unpackThrown = (shape: ThrownShape): ThrownElsewhere => new ThrownElsewhere(shape);
export type PackedThrown = ThrownShape;

/** What a method gives back where some of it is not copied, but handed over: the method's thread has it no more. */
export class Moved {
  readonly value: unknown;
  readonly buffers: readonly ArrayBuffer[];

  constructor(value: unknown, buffers: readonly ArrayBuffer[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

/** Answers the other side's calls, one after the other, until the port closes. */
export function servePort(port: MessagePort, methods: PortMethods): void {
  port.on('message', ({ id, method, argument }: Request) => {
    try {
      const serve = methods[method] as ((argument: unknown) => unknown) | undefined;
      if (!serve) throw new Error(`The other thread has no "${method}".`);
      const value = serve(argument);
      if (value instanceof Moved) port.postMessage({ id, value: value.value } satisfies Response, value.buffers);
      else port.postMessage({ id, value } satisfies Response);
    } catch (thrown) {
      port.postMessage({ id, thrown: shapeOf(thrown) } satisfies Response);
    }
  });
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface PortClient {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  readonly onGone: ((error: Error) => void) | undefined;
  nextId: number;
  gone: Error | undefined;
}

function fail(client: PortClient, error: Error): void {
  if (!client.gone) {
    client.gone = error;
    client.onGone?.(error);
  }
  for (const { reject } of client.pending.values()) reject(client.gone);
  client.pending.clear();
}

/** Speaks to a thread that runs {@link servePort}. When the thread dies, whatever waits for it is rejected. */
export function createPortClient(worker: Worker, onGone?: (error: Error) => void): PortClient {
  const client: PortClient = { worker, pending: new Map(), onGone, nextId: 1, gone: undefined };
  worker.on('message', (response: Response) => {
    const waiting = client.pending.get(response.id);
    client.pending.delete(response.id);
    if ('thrown' in response) waiting?.reject(new ThrownElsewhere(response.thrown));
    else waiting?.resolve(response.value);
  });
  worker.on('error', (error) => fail(client, asError(error)));
  worker.on('exit', () => fail(client, new Error('The thread has ended.')));
  return client;
}

/** Ends the thread as planned: `onGone` does not hear of it. */
export async function endPort(client: PortClient): Promise<void> {
  client.gone ??= new Error('The thread was ended.');
  await client.worker.terminate();
}

export function callPort(client: PortClient, method: string, argument?: unknown): Promise<unknown> {
  if (client.gone) return Promise.reject(client.gone);
  const id = client.nextId;
  client.nextId += 1;
  return new Promise((resolve, reject) => {
    client.pending.set(id, { resolve, reject });
    client.worker.postMessage({ id, method, argument } satisfies Request);
  });
}
