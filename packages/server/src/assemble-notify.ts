import { postOnce, trustBeside } from '@interdict/connectors';
import type { InstallKey } from './auth/install-key.ts';
import type { Config } from './config.ts';
import { createDeliverer, type Deliverer } from './notify/deliverer.ts';
import { createHandshakeBook } from './notify/handshake-book.ts';
import type { NotifyDeps } from './notify/notify-deps.ts';
import { causeOf, type PostTo } from './notify/receiver-fault.ts';
import { createReceiverGuard } from './notify/receiver-guard.ts';
import { onSubscribed } from './notify/run-deliverer.ts';
import type { Log } from './observe/log.ts';
import type { Store } from './store/store.ts';

/** Graph waits 10 s for a handshake, and 3 s for a notification; here both have 10. */
const ANSWER_WITHIN_MS = 10_000;

interface NotifyParts {
  readonly config: Pick<Config, 'notifications'>;
  readonly key: InstallKey;
  readonly store: Store;
  readonly log: Log;
}

const secretsKeyOf = (key: InstallKey): Buffer => key.derive('subscription secrets', 32);

function guarded({ config: { notifications }, log }: NotifyParts): Pick<NotifyDeps, 'guard' | 'post'> {
  const guard = createReceiverGuard(notifications.allow);
  const secureContext = notifications.ca === undefined ? undefined : trustBeside(notifications.ca);
  const post: PostTo = async (wanted, signal) => {
    const exchange = await postOnce(wanted, { guard, secureContext }, signal);
    const reason = causeOf(exchange);
    if (reason !== undefined) log.info({ host: wanted.url.host, reason }, 'A receiver did not take a POST.');
    return exchange;
  };
  return { guard, post };
}

/** What the operations on subscriptions work with. */
export function assembleNotify(parts: NotifyParts, deliverer: Deliverer): NotifyDeps {
  const { key, store } = parts;
  return {
    store,
    secretsKey: secretsKeyOf(key),
    ...guarded(parts),
    answerWithinMs: ANSWER_WITHIN_MS,
    handshakes: createHandshakeBook(),
    stopping: deliverer.stopping.signal,
    onSubscribed: (tenantId) => onSubscribed(deliverer, tenantId),
  };
}

export function assembleDeliverer(parts: NotifyParts): Deliverer {
  const { key, store, log } = parts;
  return createDeliverer({
    store,
    secretsKey: secretsKeyOf(key),
    post: guarded(parts).post,
    answerWithinMs: ANSWER_WITHIN_MS,
    random: Math.random,
    onFault: (error) => log.error({ err: error }, 'The deliverer of notifications met a fault; it goes on.'),
  });
}
