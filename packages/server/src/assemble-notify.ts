import { postOnce, trustBeside } from '@interdict/connectors';
import type { InstallKey } from './auth/install-key.ts';
import type { Config } from './config.ts';
import { createDeliverer, type Deliverer } from './notify/deliverer.ts';
import type { PostTo } from './notify/handshake.ts';
import type { NotifyDeps } from './notify/notify-deps.ts';
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

function guarded({ notifications }: NotifyParts['config']): Pick<NotifyDeps, 'guard' | 'post'> {
  const guard = createReceiverGuard(notifications.allow);
  const secureContext = notifications.ca === undefined ? undefined : trustBeside(notifications.ca);
  const post: PostTo = (wanted, signal) => postOnce(wanted, { guard, secureContext }, signal);
  return { guard, post };
}

/** What the operations on subscriptions work with. */
export function assembleNotify({ config, key, store }: NotifyParts, deliverer: Deliverer): NotifyDeps {
  const { guard, post } = guarded(config);
  return {
    store,
    secretsKey: secretsKeyOf(key),
    guard,
    // A receiver that hangs does not hold up the stop.
    post: (wanted, signal) => post(wanted, AbortSignal.any([signal, deliverer.stopping.signal])),
    answerWithinMs: ANSWER_WITHIN_MS,
    handshakes: new Map(),
    onSubscribed: (tenantId) => onSubscribed(deliverer, tenantId),
  };
}

export const assembleDeliverer = ({ config, key, store, log }: NotifyParts): Deliverer =>
  createDeliverer({
    store,
    secretsKey: secretsKeyOf(key),
    post: guarded(config).post,
    answerWithinMs: ANSWER_WITHIN_MS,
    random: Math.random,
    onFault: (error) => log.error({ err: error }, 'The deliverer of notifications met a fault; it goes on.'),
  });
