import type { Answer, Call, Connector, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane } from '../lane.ts';
import type { CommandSocket } from '../socket/ask-command.ts';
import { NOT_SENT, type Verb } from './answers.ts';
import { type Change, change } from './change.ts';
import { CONFIG_SCHEMA, readConfig } from './config.ts';
import { listZones } from './control.ts';
import { GIVEN_UP, look, toListed } from './look.ts';
import { TRAITS } from './traits.ts';
import { toZone } from './zone.ts';

function open(settings: ProviderSettings): Connector {
  const { socket: path, probe } = readConfig(settings);
  const socket: CommandSocket = { path, product: 'Unbound', setting: 'control-interface' };
  const closing = new AbortController();
  const changes = createLane<Change, Answer>({
    run: (tickets) => change(socket, tickets, closing.signal),
    giveUp: ({ settle }) => settle(NOT_SENT),
  });
  const looks = createLane<string, Presence>({
    run: (tickets) => look(socket, probe, tickets, closing.signal),
    giveUp: ({ settle }) => settle(GIVEN_UP),
  });

  const send = async (verb: Verb, call: Call, signal: AbortSignal): Promise<Answer> => {
    const named = toZone(call);
    if ('refusal' in named) return { kind: 'refused', message: named.refusal };
    return changes.submit({ verb, zone: named.zone }, signal);
  };

  return {
    traits: TRAITS,
    apply: (call, signal) => send('apply', call, signal),
    release: (call, signal) => send('release', call, signal),
    verify: async (call, signal) => {
      const named = toZone(call);
      return 'refusal' in named ? { kind: 'absent' } : looks.submit(named.zone, signal);
    },
    list: async (_, signal) => toListed(await listZones(socket, AbortSignal.any([signal, closing.signal]))),
    close: async () => {
      closing.abort();
      await Promise.all([changes.close(), looks.close()]);
    },
  };
}

/** Blocks domains in the Unbound of this host, over its control socket. */
export const unbound: ConnectorKind = {
  name: 'unbound',
  configSchema: CONFIG_SCHEMA,
  secretKeys: [],
  hostsOf: (settings) => [readConfig(settings).probe.host],
  exclusiveOf: (settings) => `the control socket ${readConfig(settings).socket}`,
  behindAgent: TRAITS,
  open,
};
