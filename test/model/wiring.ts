import { cancelAction } from '../../packages/server/src/actions/cancel-action.ts';
import { changeAction } from '../../packages/server/src/actions/change-action.ts';
import type { LeasedCall } from '../../packages/server/src/dispatch/call-result.ts';
import { freeLeases } from '../../packages/server/src/dispatch/free-leases.ts';
import { settleCall } from '../../packages/server/src/dispatch/settle-call.ts';
import { takeDue } from '../../packages/server/src/dispatch/take-due.ts';
import type { Terms } from '../../packages/server/src/dispatch/terms.ts';
import { fromDateTime } from '../../packages/server/src/lib/date-time.ts';
import { runUnit } from './rows-store.ts';
import type { HeldCall, Message, Model, Rows, State } from './state.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
/** Delays are the shortest that there are: a process may be slow, so that longer ones are among what is explored. */
const RANDOM = 0;

/** What the units are told of the provider. */
export function termsOf({ scenario: { terms }, fault }: Model): Terms {
  if (fault === 'noSettleWindow' || fault === 'noSettleNoReadBack') return { ...terms, latenessMs: 0 };
  if (fault === 'repeatsUnsafely') return { ...terms, repeats: true };
  return terms;
}

/** How long an answered job may take: for ever while it is known here and asked about, then as a call that was given up. */
function untilOf({ until, key }: Message, { ledger }: Rows, now: number, latenessMs: number): number {
  const isAskedFor = ledger?.operation_id === key;
  if (isAskedFor) return ledger.answered_pending === 0 ? until : Number.MAX_SAFE_INTEGER;
  return Math.min(until, now + latenessMs);
}

function withRows(state: State, rows: Rows, { scenario: { terms } }: Model): State {
  if (!state.late.some(({ isJob }) => isJob)) return { ...state, ...rows };
  const late = state.late.map((message): Message => {
    if (!message.isJob) return message;
    const until = untilOf(message, rows, state.now, terms.latenessMs);
    return { ...message, until, isJob: rows.ledger?.operation_id === message.key };
  });
  return { ...state, ...rows, late };
}

function held(state: State, leased: LeasedCall, rows: Rows, { fault }: Model): HeldCall {
  const { ledger } = rows;
  return {
    leased,
    stage: 'leased',
    askedAt: state.now,
    sentAt: 0,
    message: undefined,
    result: {},
    lookedAt: 0,
    toldUntil: fromDateTime(leased.call.expirationDateTime),
    isIntended: ledger?.fence === leased.fence && ledger.lease_call === leased.kind,
    rows: fault === 'staleRowsWritten' ? rows.actions : undefined,
  };
}

/** The state with other calls at one worker. */
export function withCalls(state: State, worker: number, calls: readonly HeldCall[]): State {
  const before = state.workers[worker];
  if (!before) throw new Error('There is no such worker.');
  return { ...state, workers: state.workers.with(worker, { ...before, calls }) };
}

const callsOf = (state: State, worker: number): readonly HeldCall[] => state.workers[worker]?.calls ?? [];

/** A turn of one worker: {@link takeDue}, with everything that may be due. */
export function turn(state: State, worker: number, model: Model): State {
  const ids = state.actions.map(({ id }) => id);
  const free = { release: 1, apply: 1, verify: 1 };
  const starts = ids.map((id) => ({ id }));
  const provider = { terms: termsOf(model), free, starts, notBefore: {}, window: 50, freshFirst: false };
  const { rows, value } = runUnit(takeDue, state, state.now, {
    owner: `w${worker}`,
    random: RANDOM,
    providers: [provider],
    ends: ids,
    arrived: [],
    skip: [],
    maySuspect: true,
  });
  const isUnwritten = model.fault === 'sendBeforeIntent' && value.calls.some(({ kind }) => kind === 'apply');
  const calls = value.calls.map((leased) => ({ ...held(state, leased, rows, model), isIntended: !isUnwritten }));
  const next = isUnwritten ? state : withRows(state, rows, model);
  return calls.length === 0 ? next : withCalls(next, worker, [...callsOf(state, worker), ...calls]);
}

/** Only where the wiring sends first: the intent is written behind it. */
export function writeIntent(state: State, worker: number, call: HeldCall, model: Model): State {
  const others = callsOf(state, worker).filter((each) => each !== call);
  const done = turn(withCalls(state, worker, others), worker, { ...model, fault: undefined });
  const [leased] = callsOf(done, worker).slice(others.length);
  const kept = leased?.leased.kind === call.leased.kind ? [{ ...call, leased: leased.leased, isIntended: true }] : [];
  return withCalls(done, worker, [...others, ...kept]);
}

/** Under `noFence` the outcome counts whoever brings it. */
const fenceOf = (state: State, { leased }: HeldCall, { fault }: Model): number =>
  fault === 'noFence' ? (state.ledger?.fence ?? leased.fence) : leased.fence;

/** Under `staleRowsWritten` each action is written as it was read at the lease. */
function rowsFor(state: State, { rows }: HeldCall): Rows {
  if (!rows) return state;
  const actions = state.actions.map((row) => rows.find(({ id, hold }) => id === row.id && hold === row.hold) ?? row);
  return { ...state, actions };
}

function afterSettle(state: State, worker: number, rest: readonly HeldCall[], call: HeldCall, model: Model): State {
  const { enforcementId } = call.leased;
  const before = rowsFor(state, call);
  const { rows, value } = runUnit(settleCall, before, state.now, {
    enforcementId,
    fence: fenceOf(state, call, model),
    result: call.result,
    toldUntil: call.toldUntil,
    random: RANDOM,
    owner: `w${worker}`,
    terms: termsOf(model),
  });
  const next = value.next ? [held(state, value.next, rows, model)] : [];
  const after = withRows(state, value.held ? rows : state, model);
  return withCalls(after, worker, [...rest, ...next]);
}

/** Writes down what a call brought, and goes on with what follows from it. */
export function settle(state: State, worker: number, call: HeldCall, model: Model): State {
  const rest = callsOf(state, worker).filter((each) => each !== call);
  const isForgotten =
    model.fault === 'lostReleaseForgotten' && call.leased.kind === 'release' && call.result.answer?.kind === 'unknown';
  const after = afterSettle(state, worker, rest, call, model);
  if (!isForgotten || !after.ledger) return after;
  return { ...after, ledger: { ...after.ledger, unanswered_until: null } };
}

/** Leases of a process that is gone are taken back. */
export function recover(state: State, model: Model): State {
  const ids = state.ledger ? [state.ledger.id] : [];
  const holder = state.ledger?.lease_owner ?? 'w0';
  const gone = holder === 'w0' || holder === 'w1' ? [] : [holder];
  const abandoned = { ids, gone, mayLive: false, owner: 'w0', providers: [termsOf(model)] };
  return withRows(state, runUnit(freeLeases, state, state.now, abandoned).rows, model);
}

export function cancel(state: State, id: string, model: Model): State {
  const row = state.actions.find((each) => each.id === id);
  if (model.fault === 'cancelReadsAtOnce' && row?.status === 'Running' && row.state !== 'releasing') {
    const errorInfo = { code: 1, message: 'Cancelled.', subcode: 0 };
    const over = {
      status: 'Failed',
      state: 'none',
      errorInfo,
      row: { hold: 'none', enforcement_id: null, end_at: null },
    } as const;
    const ledger = state.ledger && { ...state.ledger, holds: 0, release_wished_at: state.now };
    const actions = state.actions.map((each) => (each === row ? changeAction(row, over, state.now) : each));
    return { ...state, actions, ledger };
  }
  const wish = { id, reason: null, origin: ORIGIN, providers: { edge: { irreversible: [] } } };
  return withRows(state, runUnit(cancelAction, state, state.now, wish).rows, model);
}
