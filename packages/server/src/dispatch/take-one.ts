import { haltAt, readPauses } from '../actions/pauses.ts';
import { queries } from '../store/queries.ts';
import { type Alarm, first, type UnitContext, unit, type Work } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { endAction } from './end-action.ts';
import { isSuspect, type Leasing } from './lease-call.ts';
import { beginAction, joinAction, type Start } from './start-action.ts';
import { leaseOne } from './take-due.ts';

/** One of the things that a turn would do, under the id of its action or ledger row. */
export type Part =
  | { readonly kind: 'end'; readonly id: string; readonly reachable: readonly string[] }
  /** `mayCall`: there is a slot for it. */
  | {
      readonly kind: 'start';
      readonly id: string;
      readonly start: Start;
      readonly leasing: Leasing;
      readonly mayCall: boolean;
    }
  | { readonly kind: 'call'; readonly id: string; readonly leasing: Leasing; readonly random: number };

export interface TakenPart {
  readonly call?: LeasedCall | undefined;
  readonly ended: boolean;
  readonly alarms?: readonly Alarm[];
}

function* start(u: UnitContext, part: Extract<Part, { kind: 'start' }>): Work<TakenPart> {
  const { start: due, leasing, mayCall } = part;
  const halt = haltAt(yield* readPauses(), leasing.terms.provider);
  if (halt.holdsApplies) return { ended: false };
  const fresh = yield* joinAction(u, due, leasing.terms);
  return { call: fresh && mayCall ? yield* beginAction(u, fresh, { ...leasing, halt }) : undefined, ended: false };
}

function* call(u: UnitContext, { id, leasing, random }: Extract<Part, { kind: 'call' }>): Work<TakenPart> {
  const ledger = yield* first(queries.enforcementById({ id }));
  const isDue = ledger?.due_at != null && ledger.due_at <= u.now;
  // A suspect waits for a whole turn: there it is the only one.
  if (!isDue || isSuspect(ledger)) return { ended: false };
  const halt = haltAt(yield* readPauses(), ledger.provider);
  return { call: yield* leaseOne(u, ledger, { ...leasing, halt }, random), ended: false };
}

function* end(u: UnitContext, { id, reachable }: Extract<Part, { kind: 'end' }>): Work<boolean> {
  const ending = { pauses: yield* readPauses(), isReachable: (provider: string) => reachable.includes(provider) };
  return yield* endAction(u, id, ending);
}

/** A turn's work one by one, where all of it at once failed. The tenant stays due. */
export const takeOne = unit('dispatch.takeOne', function* (u, part: Part) {
  const taken = yield* takePart(u, part);
  return { ...taken, alarms: u.alarms } as TakenPart;
});

function* takePart(u: UnitContext, part: Part): Work<TakenPart> {
  switch (part.kind) {
    case 'end':
      return { ended: yield* end(u, part) };
    case 'start':
      return yield* start(u, part);
    case 'call':
      return yield* call(u, part);
  }
}
