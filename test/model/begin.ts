import { createAction } from '../../packages/server/src/actions/create-action.ts';
import { newEntityText } from '../../packages/server/src/actions/entity.ts';
import { toDateTime } from '../../packages/server/src/lib/date-time.ts';
import type { ActionRow } from '../../packages/server/src/store/rows.ts';
import { anActionRow } from '../../packages/server/src/store/testing/an-action-row.ts';
import { runUnit, START, TENANT } from './rows-store.ts';
import type { Scenario, State } from './state.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
const TARGET = 'ip:203.0.113.9';

function newRow(state: State, { ttlMs, deadlineMs }: Scenario): ActionRow {
  const id = `a${state.actions.length + 1}`;
  const entity = newEntityText({
    id,
    createdAt: state.now,
    caller: { appId: 'app', tenantId: TENANT, user: null },
    sent: {
      actionReason: null,
      clientContext: null,
      name: 'BlockIp',
      parameters: [],
      vendorInformation: null,
      extensions: {},
    },
    provider: 'edge',
    action: 'BlockIp',
    target: TARGET,
    verification: 'readBack',
    simulated: true,
    expiresAt: null,
  });
  const deadline_at = state.now + deadlineMs;
  const times = { deadline_at, start_at: state.now, end_at: deadline_at, ttl_ms: ttlMs };
  return anActionRow({ id, created_at: toDateTime(state.now), target: TARGET, entity, ...times });
}

/** A POST. */
export function create(state: State, scenario: Scenario): State {
  const args = { row: newRow(state, scenario), origin: ORIGIN };
  return { ...state, ...runUnit(createAction, state, state.now, args).rows };
}

const IDLE = { isPaused: false, calls: [] };

/** One action was asked for, and two processes are there to carry it out. */
export function firstState(scenario: Scenario): State {
  const empty: State = {
    now: START,
    actions: [],
    ledger: undefined,
    past: undefined,
    stray: undefined,
    dueAt: null,
    ids: 0,
    workers: [IDLE, IDLE],
    late: [],
    product: { ours: [], foreign: false, handled: [] },
    listedAt: undefined,
    hadZombie: false,
    budget: scenario.budget,
  };
  return create(empty, scenario);
}
