import { targetFromText } from '@interdict/contract';
import type { AgentAsking } from '../../actions/agent-work.ts';
import { providersOf } from '../../actions/provider.ts';
import { queries } from '../../store/queries.ts';
import { LANES } from '../../store/rows.ts';
import type { LeasedCall } from '../call-result.ts';
import { chooseStarts } from '../choose-starts.ts';
import type { DispatchedProvider, Dispatcher } from '../dispatcher.ts';
import type { Start } from '../start-action.ts';
import { type FreeSlots, type ProviderTurn, takeDue } from '../take-due.ts';
import { agentOwner } from './agent-owner.ts';

/** More than are asked for: an action that joins an effect in force needs no call. */
const STARTS_BEYOND = 32;
const NONE: FreeSlots = { release: 0, apply: 0, verify: 0 };

/** What is due, counted no further than what was asked for. */
interface DueWork {
  readonly starts: readonly Start[];
  readonly actions: number;
  readonly calls: FreeSlots;
}

async function readDue({ deps }: Dispatcher, { tenantId, provider }: AgentAsking, most: number): Promise<DueWork> {
  const { store, refusalFor } = deps;
  const at = { provider: provider.name, now: store.clock.now() };
  const count = async (lane: keyof FreeSlots): Promise<number> =>
    (await store.read(tenantId, queries.dueCalls({ ...at, lane: LANES[lane], limit: most }))).length;
  const limit = most + STARTS_BEYOND;
  const [actions, release, apply, verify] = await Promise.all([
    store.read(tenantId, queries.dueActions({ ...at, limit })),
    count('release'),
    count('apply'),
    count('verify'),
  ]);
  const starts = chooseStarts(
    ({ target }) => (target === null ? undefined : refusalFor(tenantId, targetFromText(target))?.message),
    actions,
    most,
  );
  // Where room is short, nothing more is put in force.
  if (store.isShort()) return { starts: [], actions: 0, calls: { release, apply: 0, verify } };
  return { starts, actions: actions.length, calls: { release, apply, verify } };
}

/**
 * Releases first. Of the rest a quarter is for looks, so that they get theirs where applies never end; of few places by
 * chance, so that neither waits for ever.
 */
function share({ actions, calls }: DueWork, most: number, random: number): FreeSlots {
  const release = Math.min(calls.release, most);
  const rest = most - release;
  const wanted = calls.apply + actions;
  const verify = Math.min(calls.verify, Math.max(Math.floor((rest + 3 * random) / 4), rest - wanted));
  return { release, apply: Math.min(wanted, rest - verify), verify };
}

const isEmpty = ({ actions, calls }: DueWork): boolean => actions + calls.release + calls.apply + calls.verify === 0;

function toTurn({ terms }: DispatchedProvider, free: FreeSlots, due: DueWork | undefined): ProviderTurn {
  return { terms, free, starts: due?.starts ?? [], window: due?.actions ?? 0, notBefore: {}, freshFirst: false };
}

/** Commits the intents of what is due at the agent's provider, in the agent's name. Undefined where nothing is due. */
export async function leaseDue(
  dispatcher: Dispatcher,
  asking: AgentAsking,
  most: number,
): Promise<readonly LeasedCall[] | undefined> {
  const { store, providers, random, onAlarms } = dispatcher.deps;
  const { tenantId, provider } = asking;
  const due = await readDue(dispatcher, asking, most);
  if (isEmpty(due)) return undefined;
  const turns = providersOf(providers, tenantId).map((each) =>
    each.key === provider.key ? toTurn(each, share(due, most, random()), due) : toTurn(each, NONE, undefined),
  );
  const turn = { owner: agentOwner(asking.appId), random: random(), providers: turns, ends: [], arrived: [], skip: [] };
  // An agent cannot kill this process. Where nobody knows whether it was committed, the leases run out by themselves.
  const taken = await store.run(tenantId, takeDue, { ...turn, maySuspect: true }, { urgent: true });
  onAlarms(tenantId, taken.alarms);
  return taken.calls;
}
