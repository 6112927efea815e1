import type { Timers } from '../lib/timers.ts';

/** How much a turnstile lets in, how many may wait in front of it for how long, and what refusing them may cost. */
export interface TurnstileBounds {
  readonly width: number;
  readonly mostWaiting: number;
  readonly longestMs: number;
  /** Of all time. */
  readonly refusingShare: number;
}

/** Why a request does not get in: too many were there before it, or its turn did not come in time. */
export type ShedReason = 'full' | 'late';

interface Row {
  readonly tenantId: string;
  inside: number;
  /** Oldest first. */
  readonly waiting: Set<Pass>;
}

/**
 * Lets so many requests be under way at once. Those that wait have their turns by tenant. One tenant has at most as much
 * as is left for all others: half of everything where it is alone, and whoever comes next finds room.
 */
export interface Turnstile {
  readonly bounds: TurnstileBounds;
  readonly timers: Timers;
  readonly onShed: (reason: ShedReason) => void;
  readonly rows: Map<string, Row>;
  /** Tenants with requests that wait; whoever has its turn next stands first. */
  readonly turns: Set<Row>;
  /** Their turn will not come. They are told so one after the other. */
  readonly hopeless: Set<Pass>;
  inside: number;
  /** With the hopeless. */
  waiting: number;
  isLettingIn: boolean;
  isSweeping: boolean;
  sweptAt: number;
}

export function createTurnstile(
  bounds: TurnstileBounds,
  timers: Timers,
  onShed: Turnstile['onShed'] = () => undefined,
): Turnstile {
  const all = { rows: new Map<string, Row>(), turns: new Set<Row>(), hopeless: new Set<Pass>() };
  return { bounds, timers, onShed, ...all, inside: 0, waiting: 0, isLettingIn: false, isSweeping: false, sweptAt: 0 };
}

/** Called once for a request that had to wait: it is inside now, or is refused. */
type OnTurn = (reason?: ShedReason) => void;

/** One request's way through a turnstile. */
export interface Pass {
  state: 'waiting' | 'inside' | 'over';
  readonly row: Row;
  readonly since: number;
  reason?: ShedReason;
  readonly onTurn: OnTurn;
}

const hasRoom = ({ bounds, inside }: Turnstile, row: Row): boolean => row.inside < bounds.width - inside;

function goIn(turnstile: Turnstile, row: Row): void {
  row.inside += 1;
  turnstile.inside += 1;
}

function leaveRow({ turns }: Turnstile, pass: Pass): void {
  const { row } = pass;
  row.waiting.delete(pass);
  if (row.waiting.size === 0) turns.delete(row);
}

function forgetIdle({ rows }: Turnstile, row: Row): void {
  if (row.inside === 0 && row.waiting.size === 0 && rows.get(row.tenantId) === row) rows.delete(row.tenantId);
}

function giveUp(turnstile: Turnstile, pass: Pass, reason: ShedReason): void {
  pass.reason = reason;
  turnstile.hopeless.add(pass);
}

/** All wait equally long at most: the first of each row tells. */
function findLate(turnstile: Turnstile, before: number): void {
  for (const row of turnstile.turns) {
    for (const pass of row.waiting) {
      if (pass.since > before) break;
      leaveRow(turnstile, pass);
      giveUp(turnstile, pass, 'late');
    }
    forgetIdle(turnstile, row);
  }
}

/** Nobody waits longer than so for a refusal, whatever it costs; but so many at a time, that others go in between. */
const LATEST_MS = 5_000;
const MOST_OVERDUE = 64;
/** Where nobody waits for a turn, the time is there. */
const IDLE_FACTOR = 8;

function refuseSome(turnstile: Turnstile, now: number): void {
  const { hopeless, timers, onShed, turns, bounds, sweptAt } = turnstile;
  const share = bounds.refusingShare * (turns.size > 0 ? 1 : IDLE_FACTOR);
  const until = now + (now - sweptAt) * share;
  let count = 0;
  for (const pass of hopeless) {
    const isOverdue = pass.since < now - LATEST_MS && count < MOST_OVERDUE;
    // At least one: a clock that stands would hold all of them.
    if (count > 0 && !isOverdue && timers.monotonicMs() >= until) return;
    count += 1;
    hopeless.delete(pass);
    turnstile.waiting -= 1;
    pass.state = 'over';
    onShed(pass.reason ?? 'late');
    pass.onTurn(pass.reason);
  }
}

const SWEEP_MS = 25;

function planSweep(turnstile: Turnstile, now: number): void {
  turnstile.isSweeping = true;
  turnstile.sweptAt = now;
  turnstile.timers.after(SWEEP_MS, () => sweep(turnstile));
}

/** Refuses those that had no turn in time, as many as may be refused since the last time. */
function sweep(turnstile: Turnstile): void {
  const now = turnstile.timers.monotonicMs();
  findLate(turnstile, now - turnstile.bounds.longestMs);
  refuseSome(turnstile, now);
  turnstile.isSweeping = false;
  if (turnstile.waiting > 0) planSweep(turnstile, now);
}

function rowOf({ rows }: Turnstile, tenantId: string): Row {
  let row = rows.get(tenantId);
  if (!row) {
    row = { tenantId, inside: 0, waiting: new Set() };
    rows.set(tenantId, row);
  }
  return row;
}

/**
 * Lets a request of a tenant in, or has it wait for `onTurn`. What comes out is given to {@link leave}; nothing does
 * where so many wait that it is refused on the spot.
 */
export function enter(turnstile: Turnstile, tenantId: string, onTurn: OnTurn): Pass | undefined {
  const { bounds, timers, turns, onShed } = turnstile;
  const row = rowOf(turnstile, tenantId);
  if (row.waiting.size === 0 && hasRoom(turnstile, row)) {
    goIn(turnstile, row);
    return { state: 'inside', row, since: 0, onTurn };
  }
  const left = bounds.mostWaiting - turnstile.waiting;
  if (left <= 0) {
    forgetIdle(turnstile, row);
    onShed('full');
    return undefined;
  }
  const now = timers.monotonicMs();
  const pass: Pass = { state: 'waiting', row, since: now, onTurn };
  turnstile.waiting += 1;
  if (row.waiting.size < left) {
    row.waiting.add(pass);
    turns.add(row);
  } else giveUp(turnstile, pass, 'full');
  if (!turnstile.isSweeping) planSweep(turnstile, now);
  return pass;
}

/** Whether others than this tenant are under way or wait. */
export const hasOthers = ({ rows }: Turnstile, tenantId: string): boolean => rows.size > (rows.has(tenantId) ? 1 : 0);

function letNextIn(turnstile: Turnstile): boolean {
  const { turns } = turnstile;
  for (const row of turns) {
    if (!hasRoom(turnstile, row)) continue;
    const [pass] = row.waiting;
    if (!pass) continue;
    leaveRow(turnstile, pass);
    turnstile.waiting -= 1;
    if (turns.delete(row)) turns.add(row);
    goIn(turnstile, row);
    pass.state = 'inside';
    pass.onTurn();
    return true;
  }
  return false;
}

/** A whole group of the store leaves at once. Whoever comes in its place comes some at a time: a cancel goes in between. */
const MOST_IN_A_ROUND = 16;

function planLettingIn(turnstile: Turnstile): void {
  if (turnstile.isLettingIn || turnstile.turns.size === 0) return;
  turnstile.isLettingIn = true;
  setImmediate(() => {
    turnstile.isLettingIn = false;
    let count = 0;
    while (count < MOST_IN_A_ROUND && letNextIn(turnstile)) count += 1;
    if (count === MOST_IN_A_ROUND) planLettingIn(turnstile);
  });
}

/** It is over, or nobody waits for it any more. Twice is as good as once. */
export function leave(turnstile: Turnstile, pass: Pass): void {
  const { state, row, reason } = pass;
  if (state === 'over') return;
  pass.state = 'over';
  if (state === 'inside') {
    row.inside -= 1;
    turnstile.inside -= 1;
  } else {
    turnstile.waiting -= 1;
    if (reason === undefined) leaveRow(turnstile, pass);
    else turnstile.hopeless.delete(pass);
  }
  planLettingIn(turnstile);
  forgetIdle(turnstile, row);
}
