import type { IPublishPacket, MqttClient } from 'mqtt';
import type { Openc2Config } from './config.ts';
import { type Heard, parseReply, type Reply, type Transfer, toMessageText } from './message.ts';
import { type Command, stepId } from './translate.ts';

/** A command whose responses have not all come. */
interface Open {
  readonly expected: readonly string[];
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

/** @see https://docs.oasis-open.org/openc2/transf-mqtt/v1.0/ */
export function openMqttTransfer(config: Openc2Config): Transfer {
  const { host, responders, profile } = config;
  const open = new Map<string, Open>();
  const clientId = `interdict-${stepId(crypto.randomUUID(), 'client').slice(0, 13)}`;
  let connection: Promise<MqttClient> | undefined;
  let isClosed = false;

  const hear = (payload: Buffer, { properties }: IPublishPacket): void => {
    if (payload.length > MOST_BODY_BYTES || properties?.userProperties?.msgType === 'req') return;
    const reply = parseReply(payload);
    const waiting = open.get(reply?.requestId ?? '');
    if (!reply || !waiting?.expected.includes(reply.from)) return;
    // A repeat of what was said is none; what comes after 102 is.
    const before = waiting.replies.get(reply.from);
    if (before && before.status !== 102) return;
    waiting.replies.set(reply.from, reply);
    if (waiting.replies.size === waiting.expected.length) {
      waiting.settle({ kind: 'answered', replies: [...waiting.replies.values()] });
    }
  };
  const lose = (): void => {
    connection = undefined;
    for (const { settle } of open.values()) settle({ kind: 'broken', message: `The connection to ${host} broke off.` });
  };
  const connected = async (): Promise<MqttClient> => {
    if (isClosed) throw new Error('the connector was closed');
    const client = await connect(config, clientId);
    client.on('message', (_, payload, packet) => hear(payload, packet));
    client.on('close', lose);
    if (!client.connected) lose();
    return client;
  };
  const ready = async (signal: AbortSignal): Promise<MqttClient | Heard> => {
    try {
      signal.throwIfAborted();
      connection ??= connected();
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('the call was ended before it was sent')), {
          once: true,
        });
      });
      return await Promise.race([connection, aborted]);
    } catch (error) {
      if (!signal.aborted) connection = undefined;
      const { code, message } = error as Error & { readonly code?: unknown };
      const ours = typeof code === 'number' && [4, 5, 134, 135, 138].includes(code);
      return { kind: 'unsent', message: `Nothing was sent to ${host}: ${message || String(code)}.`, ours };
    }
  };
  const publish = (
    client: MqttClient,
    command: Command,
    expected: readonly string[],
    signal: AbortSignal,
  ): Promise<Heard> => {
    const { promise, resolve } = Promise.withResolvers<Heard>();
    const replies = new Map<string, Reply>();
    const abort = (): void => {
      const silent = expected.filter((name) => !replies.has(name)).join(', ');
      resolve({ kind: 'broken', message: `The call was ended before ${silent} answered.` });
    };
    open.set(command.id, { expected, replies, settle: resolve });
    signal.addEventListener('abort', abort, { once: true });
    const [only] = expected;
    const topic = expected.length === 1 ? `oc2/cmd/device/${only}` : `oc2/cmd/ap/${profile}`;
    // That the broker has it proves nothing; that it turns it down does.
    client.publish(topic, toMessageText(command, config, new Date()), PUBLISHING, (error) => {
      const code = (error as { readonly code?: unknown } | undefined)?.code;
      if (code === 135)
        resolve({ kind: 'unsent', message: `${host} does not let us publish to ${topic}.`, ours: true });
    });
    return promise.finally(() => {
      open.delete(command.id);
      signal.removeEventListener('abort', abort);
    });
  };
  return {
    async ask(command, signal, to) {
      const client = await ready(signal);
      if ('kind' in client) return client;
      if (!client.connected) return { kind: 'unsent', message: `Nothing was sent to ${host}: not connected.` };
      return publish(client, command, to === undefined ? responders : [to], signal);
    },
    async close() {
      isClosed = true;
      const client = await Promise.race([
        connection?.catch(() => undefined),
        new Promise<undefined>((resolve) => setTimeout(resolve, 500).unref()),
      ]);
      client?.end(true);
      lose();
    },
  };
}
