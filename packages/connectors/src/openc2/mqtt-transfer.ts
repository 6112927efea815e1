import type { IPublishPacket, MqttClient } from 'mqtt';
import type { Openc2Config } from './config.ts';
import { type Heard, parseReply, type Reply, type Transfer, toMessageText } from './message.ts';
import type { Command } from './translate.ts';

/** A command whose responses have not all come. */
interface Open {
  readonly expected: readonly string[];
  /** By who said them. */
  readonly replies: Map<string, Reply>;
  settle(heard: Heard): void;
}

const MOST_BODY_BYTES = 64 * 1024;
const SUBSCRIPTION = { qos: 1, nl: true, rap: true, rh: 0 } as const;
const PUBLISHING = {
  qos: 1,
  retain: false,
  properties: {
    payloadFormatIndicator: true,
    contentType: 'application/openc2',
    userProperties: { msgType: 'req', encoding: 'json' },
  },
} as const;

async function connect(config: Openc2Config, clientId: string): Promise<MqttClient> {
  const { connectAsync } = await import('mqtt');
  const { url, user, password, ca, certificate, key, from } = config;
  const client = await connectAsync(
    url.href,
    {
      protocolVersion: 5,
      clientId,
      clean: false,
      keepalive: 60,
      // The dispatcher comes again; a client that did so by itself would send what has been given up.
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      ...(user !== undefined && { username: user }),
      ...(password && { password: password.reveal() }),
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && key && { cert: certificate, key: key.reveal() }),
    },
    false,
  );
  // What ends a connection is told by its close.
  client.on('error', () => undefined);
  const granted = await client.subscribeAsync(['oc2/rsp', `oc2/rsp/${from}`], SUBSCRIPTION).catch(() => []);
  if (granted.length === 2 && granted.every(({ qos }) => qos < 128)) return client;
  client.end(true);
  throw Object.assign(new Error('it does not let us subscribe to oc2/rsp'), { code: 135 });
}

const isOurs = (code: unknown): boolean => typeof code === 'number' && [4, 5, 134, 135, 138].includes(code);
const CLOSING_MS = 500;

class MqttTransfer implements Transfer {
  readonly #config: Openc2Config;
  readonly #clientId = `interdict-${crypto.randomUUID().slice(0, 13)}`;
  readonly #open = new Map<string, Open>();
  #connection: Promise<MqttClient> | undefined;
  #isClosed = false;

  constructor(config: Openc2Config) {
    this.#config = config;
  }

  async ask(command: Command, signal: AbortSignal, to?: string): Promise<Heard> {
    const { host, responders } = this.#config;
    try {
      const client = await this.#ready(signal);
      if (!client.connected) throw new Error('the connection has ended');
      return await this.#publish(client, command, to === undefined ? responders : [to], signal);
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: unknown };
      const ours = isOurs(code);
      return { kind: 'unsent', message: `Nothing was sent to ${host}: ${message || String(code)}.`, ours };
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSING_MS).unref());
    const client = await Promise.race([this.#connection?.catch(() => undefined), late]);
    client?.end(true);
    this.#lose();
  }

  #hear(payload: Buffer, { properties }: IPublishPacket): void {
    if (payload.length > MOST_BODY_BYTES || properties?.userProperties?.msgType === 'req') return;
    const reply = parseReply(payload);
    const waiting = this.#open.get(reply?.requestId ?? '');
    if (!reply || !waiting?.expected.includes(reply.from)) return;
    // A repeat of what was said is none; what comes after 102 is.
    const before = waiting.replies.get(reply.from);
    if (before && before.status !== 102) return;
    waiting.replies.set(reply.from, reply);
    if (waiting.replies.size < waiting.expected.length) return;
    waiting.settle({ kind: 'answered', replies: [...waiting.replies.values()] });
  }

  #lose(): void {
    this.#connection = undefined;
    const message = `The connection to ${this.#config.host} broke off.`;
    for (const { settle } of this.#open.values()) settle({ kind: 'broken', message });
  }

  async #connect(): Promise<MqttClient> {
    if (this.#isClosed) throw new Error('the connector was closed');
    const client = await connect(this.#config, this.#clientId);
    client.on('message', (_, payload, packet) => this.#hear(payload, packet));
    client.on('close', () => this.#lose());
    if (this.#isClosed) client.end(true);
    return client;
  }

  async #ready(signal: AbortSignal): Promise<MqttClient> {
    signal.throwIfAborted();
    const connection = this.#connection ?? this.#connect();
    this.#connection = connection;
    // A connection that was not made, or has ended before it was heard of, is made anew by the next call.
    const forget = (client?: MqttClient): void => {
      if (!client?.connected && this.#connection === connection) this.#connection = undefined;
    };
    connection.then(forget, () => forget());
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(new Error('the call was ended before it was sent'));
    signal.addEventListener('abort', abort, { once: true });
    return Promise.race([connection, promise]).finally(() => signal.removeEventListener('abort', abort));
  }

  #publish(client: MqttClient, command: Command, expected: readonly string[], signal: AbortSignal): Promise<Heard> {
    const { host, profile } = this.#config;
    const { promise, resolve } = Promise.withResolvers<Heard>();
    const replies = new Map<string, Reply>();
    const abort = (): void => {
      const silent = expected.filter((name) => !replies.has(name)).join(', ');
      resolve({ kind: 'broken', message: `The call was ended before ${silent} answered.` });
    };
    this.#open.set(command.id, { expected, replies, settle: resolve });
    signal.addEventListener('abort', abort, { once: true });
    const topic = expected.length === 1 ? `oc2/cmd/device/${expected[0]}` : `oc2/cmd/ap/${profile}`;
    // That the broker has it proves nothing; that it turns it down does.
    client.publish(topic, toMessageText(command, this.#config, new Date()), PUBLISHING, (error) => {
      const isTurnedDown = (error as { readonly code?: unknown } | undefined)?.code === 135;
      const message = `${host} does not let us publish to ${topic}.`;
      if (isTurnedDown) resolve({ kind: 'unsent', message, ours: true });
    });
    return promise.finally(() => {
      this.#open.delete(command.id);
      signal.removeEventListener('abort', abort);
    });
  }
}

/** @see https://docs.oasis-open.org/openc2/transf-mqtt/v1.0/ */
export const openMqttTransfer = (config: Openc2Config): Transfer => new MqttTransfer(config);
