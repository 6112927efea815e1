import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../secret.ts';
import type { ProductUnderTest } from '../../testing.ts';
import { type Broker, makeBroker, PASSWORDS } from './broker.ts';
import { Consumer } from './consumer.ts';
import { MqttFront } from './mqtt-front.ts';
import { open, Whose } from './openc2-product.ts';

export interface MqttProduct {
  readonly broker: Broker;
  readonly consumers: readonly Consumer[];
  readonly fronts: readonly MqttFront[];
  readonly own: Record<string, unknown>;
  readonly product: ProductUnderTest;
}

/** As many consumers as names at a real mosquitto; the first is the one that misbehaves and is looked at. */
export async function startMqtt(...names: readonly [string, ...string[]]): Promise<MqttProduct> {
  const broker = await makeBroker();
  await broker.start();
  const consumers = names.map((name, index) => new Consumer({ name, profile: 'slpf', filters: index === 0 }));
  const fronts = consumers.map((consumer) => new MqttFront(consumer));
  for (const front of fronts) await front.connect(broker.port);
  const own = {
    url: `mqtt://127.0.0.1:${broker.port}`,
    profile: 'slpf',
    responders: names,
    user: 'interdict',
    password: new Secret(PASSWORDS.interdict),
  };
  const [consumer, front] = [consumers[0] as Consumer, fronts[0] as MqttFront];
  const whose = new Whose();
  const back = async (): Promise<void> => {
    await broker.start();
    while (!fronts.every(({ isConnected }) => isConnected)) await delay(5);
    // What it subscribed to is asked for again when it is connected again.
    await delay(30);
  };
  const product: ProductUnderTest = {
    connect: () => whose.watch(open(own)),
    secrets: [PASSWORDS.interdict],
    inForce: async () => consumer.inForce().map((entry) => whose.effectOf(entry)),
    received: async () => front.received,
    operations: async () => consumer.operations,
    restart: async () => {
      await broker.stop();
      await back();
    },
    misbehave: async (misbehaviour) => {
      if (misbehaviour.kind === 'down') await broker.stop();
      else front.misbehave(misbehaviour);
    },
    behave: async () => {
      await front.behave();
      await back();
    },
    stop: async () => {
      for (const each of fronts) await each.leave();
      await broker.remove();
      for (const { filter } of consumers) filter?.remove();
    },
  };
  return { broker, consumers, fronts, own, product };
}
