import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Misbehaviour } from '../../testing.ts';
import { PASSWORDS } from './broker.ts';
import type { Consumer } from './consumer.ts';

/** A hostile answer is taken so far: a message of MQTT has an end. */
const MOST_HOSTILE = 1024 * 1024;

/** A consumer's end of MQTT 5. */
export class MqttFront {
  received = 0;
  /** Every command as it came. */
  readonly packets: IPublishPacket[] = [];
  /** How often it says each response. */
  times = 1;
  readonly #consumer: Consumer;
  #client: MqttClient | undefined;
  #misbehaviour: Misbehaviour | undefined;
  #late: (() => Promise<object>)[] = [];

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  async connect(port: number): Promise<void> {
    const { name, profile } = this.#consumer.options;
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      protocolVersion: 5,
      clientId: name,
      username: 'consumer',
      password: PASSWORDS.consumer,
      reconnectPeriod: 20,
    });
    client.on('error', () => undefined);
    client.on('message', (_, payload, packet) => void this.#take(payload.toString(), packet));
    await client.subscribeAsync(['oc2/cmd/all', `oc2/cmd/ap/${profile}`, `oc2/cmd/device/${name}`], { qos: 1 });
    this.#client = client;
  }

  get isConnected(): boolean {
    return this.#client?.connected === true;
  }

  async leave(): Promise<void> {
    await this.#client?.endAsync(true);
    this.#client = undefined;
  }

  misbehave(misbehaviour: Misbehaviour): void {
    this.#misbehaviour = misbehaviour;
  }

  async behave(): Promise<void> {
    this.#misbehaviour = undefined;
    for (const land of this.#late.splice(0)) await land();
  }

  #say(payload: string | Buffer): void {
    for (let time = 0; time < this.times; time += 1) {
      this.#client?.publish('oc2/rsp', payload, {
        qos: 1,
        properties: {
          payloadFormatIndicator: true,
          contentType: 'application/openc2',
          userProperties: { msgType: 'rsp', encoding: 'json' },
        },
      });
    }
  }

  async #take(text: string, packet: IPublishPacket): Promise<void> {
    const { request, answer } = await this.#consumer.take(text);
    const respond = async () => this.#say(JSON.stringify(await answer()));
    if (request?.action === 'query') return respond();
    this.packets.push(packet);
    this.received += 1;
    const misbehaviour = this.#misbehaviour;
    const say = (response: object): void => {
      const headers = { request_id: JSON.parse(text).headers.request_id, from: this.#consumer.options.name };
      this.#say(JSON.stringify({ headers, body: { openc2: { response } } }));
    };
    switch (misbehaviour?.kind) {
      case 'hang':
        return;
      case 'late':
        this.#late.push(answer);
        return;
      case 'refuse':
        return say({ status: 403, status_text: misbehaviour.words });
      case 'nonsense':
        return say({ status: 299 });
      case 'lostAnswer':
        await answer();
        return;
      case 'halfAnswer': {
        const body = JSON.stringify(await answer());
        return this.#say(body.slice(0, body.length >> 1));
      }
      case 'hostile':
        return this.#sayHostile(misbehaviour.answer.chunks());
      case 'down':
      case 'throttle':
      case undefined:
        return respond();
    }
  }

  #sayHostile(chunks: Iterable<Buffer>): void {
    const taken: Buffer[] = [];
    let length = 0;
    for (const chunk of chunks) {
      taken.push(chunk);
      length += chunk.length;
      if (length >= MOST_HOSTILE || taken.length > 64) break;
    }
    this.#say(Buffer.concat(taken));
  }
}
