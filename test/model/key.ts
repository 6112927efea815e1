import { hash } from 'node:crypto';
import type { Entity } from '../../packages/server/src/actions/entity.ts';
import { fromDateTime } from '../../packages/server/src/lib/date-time.ts';
import type { ActionRow, EnforcementRow } from '../../packages/server/src/store/rows.ts';
import type { HeldCall, Message, Model, State, Worker } from './state.ts';

const LONG_AGO = 1_000_000;
/** Drifts further apart than this are not counted together. */
const CALM_MS = 900_000;

/** Names of operations by the order in which they are met: which ids they have makes no difference. */
function namer(): (id: string | null) => string {
  const names = new Map<string, string>();
  return (id) => {
    if (id === null) return '-';
    const name = names.get(id) ?? String.fromCharCode(65 + names.size);
    names.set(id, name);
    return name;
  };
}

/** A moment as seen from now; one that has passed is like any other that has. */
const ahead = (time: number | null, now: number): string | number => (time === null ? '-' : Math.max(0, time - now));
const apart = (time: number | null, now: number): string | number => (time === null ? '-' : time - now);

const sinceOf = new Map<string, number>();

/** When the action got its present status. */
export function heldSince({ entity }: ActionRow): number {
  const known = sinceOf.get(entity);
  if (known !== undefined) return known;
  const since = fromDateTime((JSON.parse(entity) as Entity).lastActionDateTime ?? '');
  if (sinceOf.size > 100_000) sinceOf.clear();
  sinceOf.set(entity, since);
  return since;
}

function actionKey(row: ActionRow, now: number, isCalled: boolean): string {
  const { status, state, hold, hold_until, deadline_at, start_at, end_at, ending } = row;
  if (row.hold === 'none' && status !== 'NotStarted') return `${status}/${state}`;
  const bound = ending === null ? '' : /"code":(\d+)/.exec(ending)?.[1];
  if (hold === 'ended') return `${status}/${state}/ended,${bound}`;
  const since = status === 'Running' && isCalled ? heldSince(row) - now : '';
  const start = status === 'NotStarted' ? `${apart(deadline_at, now)},${ahead(start_at, now)}` : '';
  return `${status}/${state}/${hold},${ahead(hold_until, now)},${start},${ahead(end_at, now)},${since},${bound}`;
}

/** The end that the product was told is compared with the one that is wanted: now, or with one that is yet to come. */
function toldKey({ told_until: told, wanted_until: wanted }: EnforcementRow, now: number): string | number {
  if (told === null || told > now) return apart(told, now);
  return wanted !== null && told >= wanted ? 'p' : 'q';
}

/** Whether an end that may land behind the last one that was told is too early. */
const lostKey = ({ lost_until: lost, wanted_until: wanted }: EnforcementRow, now: number): string | number =>
  lost === null ? '-' : lost > now ? lost - now : wanted !== null && lost < wanted ? 'q' : 'p';

/** Whether nothing of an apply could land any more, by the ledger: also as the call under way will see it. */
function settlesKey({ ledger, now }: State): string | number {
  const at = ledger?.settles_at ?? null;
  if (!ledger || at === null) return '-';
  if (at > now) return at - now;
  return ledger.leased_at !== null && ledger.leased_at < at ? 'q' : 'p';
}

function ledgerKey(state: State, { scenario }: Model, name: (id: string | null) => string): string {
  const { ledger: row, now } = state;
  if (!row) return '-';
  const wished =
    row.release_wished_at === null
      ? '-'
      : row.release_failed === 1
        ? 'w'
        : Math.max(row.release_wished_at - now, -scenario.terms.deadlineMs);
  const owner = row.lease_owner === null ? '-' : row.lease_owner === 'dead' ? 'd' : 'w';
  const drift = row.drift_at === null ? '-' : Math.max(fromDateTime(row.drift_at) - now, -CALM_MS);
  return [
    row.known,
    row.answered_pending,
    row.holds,
    ahead(row.wanted_until, now),
    toldKey(row, now),
    lostKey(row, now),
    `${row.looked}${row.preexisting}${row.was_sent}${row.release_failed}`,
    row.operation ?? '-',
    name(row.operation_id),
    wished,
    settlesKey(state),
    ahead(row.unanswered_until, now),
    row.disproved,
    row.abandoned,
    row.drift_run,
    drift,
    owner,
    apart(row.leased_at, now),
    row.lease_call ?? '-',
    row.lane,
    ahead(row.due_at, now),
  ].join();
}

const messageKey = (message: Message | undefined, now: number, name: (id: string | null) => string): string =>
  message === undefined
    ? '-'
    : `${message.kind}${name(message.key)}${message.until === Number.MAX_SAFE_INTEGER ? '' : message.until - now}${message.isJob ? 'j' : ''}`;

/** Whether its outcome would count. */
export const isFresh = ({ ledger }: State, { leased }: HeldCall): boolean =>
  ledger?.id === leased.enforcementId && ledger.fence === leased.fence && ledger.lease_call !== null;

/** Sent so late after its lease was asked for, nothing is sent. */
export const SENT_WITHIN_MS = 10_000;

function callKey(state: State, call: HeldCall, { fault }: Model, name: (id: string | null) => string): string {
  const { now } = state;
  const fresh = isFresh(state, call);
  const said = fresh || fault !== undefined ? `${call.result.answer?.kind}${call.result.presence?.kind}` : '';
  const foreign = call.result.presence?.kind === 'present' ? call.result.presence.foreign : '';
  return [
    call.leased.kind,
    call.leased.inDoubt,
    call.stage,
    fresh,
    call.isIntended,
    call.stage === 'leased' ? Math.max(call.askedAt - now, -SENT_WITHIN_MS - 1) : '',
    call.stage === 'sent' ? Math.max(call.sentAt - now, -LONG_AGO) : '',
    call.stage === 'over' && fresh ? call.lookedAt - now : '',
    said,
    foreign,
    fresh && call.leased.kind === 'apply' ? Math.max(call.toldUntil - now, 0) : '',
    call.leased.kind === 'apply' || call.leased.kind === 'release' ? name(call.leased.call.operationId) : '',
    messageKey(call.message, now, name),
    call.rows?.map((row) => `${row.status}${row.state}${row.version}`).join() ?? '',
  ].join();
}

function workerKey(state: State, worker: Worker, model: Model, name: (id: string | null) => string): string {
  const calls = worker.calls.map((call) => callKey(state, call, model, name)).sort();
  return `${worker.isPaused ? 'P' : ''}${calls.join('&')}`;
}

/** All that makes a difference to what may follow, as text: two states of one text are one. */
export function textOfState(state: State, model: Model): string {
  const { now, workers, late, product, budget } = state;
  const name = namer();
  const isCalled = state.ledger?.lease_call != null || workers.some(({ calls }) => calls.length > 0);
  const parts = [
    ledgerKey(state, model, name),
    state.actions.map((row) => actionKey(row, now, isCalled)).join(';'),
    `${product.ours.map(name).join('')}/${product.foreign}/${product.handled.map(name).join('')}`,
    workers
      .map((worker) => workerKey(state, worker, model, name))
      .sort()
      .join('#'),
    late
      .map((message) => messageKey(message, now, name))
      .sort()
      .join(),
    state.dueAt === null ? '-' : ahead(state.dueAt, now),
    state.past === undefined ? '' : state.past.released_at < (state.listedAt ?? now),
    state.stray?.was_ours ?? '',
    state.listedAt === undefined ? '' : 'l',
    state.hadZombie,
    Object.values(budget).join(),
  ];
  return parts.join('|');
}

/** So short that many millions fit into memory; two that are different are told apart but for one chance in 2^64 of pairs. */
export const keyOf = (state: State, model: Model): string => hash('md5', textOfState(state, model), 'base64');
