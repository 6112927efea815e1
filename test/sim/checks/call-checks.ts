import type { Call } from '../../../packages/connectors/src/connector.ts';
import { targetText } from '../../../packages/contract/src/index.ts';
import type { EnforcementRow } from '../../../packages/server/src/store/rows.ts';
import { mayLand, type Product } from '../product.ts';
import { note, type Worker, type World } from '../world.ts';
import { ledgerOf } from './landing-checks.ts';

/** I9: a call serves an action of its own tenant. */
export function checkTenant(world: World, { tenantId, request }: Call): void {
  const seen = world.history.actions.get(request.actionId);
  if (seen && seen.tenantId !== tenantId) note(world, `I9: a call for ${request.actionId} names another tenant.`);
}

/** The clock of the store may go back by so much between two times that it gave. */
export const BACK_MS = 50;

/** What was leased followed from the holds of that moment; they may be others by now. */
function checkHolds(world: World, kind: string, ledger: EnforcementRow, effect: string): void {
  const leasedAt = (ledger.leased_at ?? 0) - BACK_MS;
  const { actions, heldSince } = world.history;
  if (kind === 'release') {
    const heldBefore = [...actions.values()].some(
      ({ row }) =>
        row.enforcement_id === ledger.id && row.hold === 'active' && (heldSince.get(row.id) ?? leasedAt) < leasedAt,
    );
    if (heldBefore) note(world, `A release of ${effect}, which somebody wants.`);
  } else if (ledger.holds === 0) {
    if ((ledger.release_wished_at ?? 0) < leasedAt) note(world, `An apply of ${effect} that nobody wants.`);
  } else if ((ledger.wanted_until ?? 0) <= leasedAt) note(world, `An apply of ${effect} behind its own end.`);
}

/** A restored database sends nothing until somebody resumes, but what was cancelled since. */
function checkQuarantine(world: World, kind: string, ledger: EnforcementRow, effect: string): void {
  const since = world.history.quarantined.get(effect.split(' ')[0] ?? '');
  if (since === undefined || (ledger.leased_at ?? 0) - BACK_MS <= since) return;
  const isWished = kind === 'release' && (ledger.release_wished_at ?? 0) > since - BACK_MS;
  if (!isWished) note(world, `The quarantine: ${kind} of ${effect} is sent.`);
}

/** I2: what is sent was intended, by this process, and is still its own to send. */
function checkIntent(world: World, worker: Worker, product: Product, kind: string, call: Call, effect: string): void {
  const ledger = ledgerOf(world, product, effect);
  const isMine = ledger?.lease_owner === worker.name && ledger.lease_call === kind;
  if (!isMine || ledger.operation_id !== call.operationId || ledger.attempt !== call.attempt)
    note(world, `I2: ${worker.name} sends ${kind} of ${effect} at ${product.name} without an intent of its own.`);
  else {
    checkHolds(world, kind, ledger, effect);
    checkQuarantine(world, kind, ledger, effect);
  }
}

/** What must hold at the moment of every sending of a write. */
export function checkCall(
  world: World,
  worker: Worker,
  product: Product,
  kind: 'apply' | 'release',
  call: Call,
  effect: string,
): void {
  checkTenant(world, call);
  checkIntent(world, worker, product, kind, call, effect);
  const by = world.history.actions.get(call.request.actionId);
  if (by?.entity.status === 'Failed' && !world.history.heldSince.has(by.row.id))
    note(world, `A call for ${by.row.id}, which ended before it began.`);
  if (kind === 'apply' && world.guarded.has(targetText(call.target)))
    note(world, `I7: an apply of ${effect}, guarded.`);
  if (kind === 'apply' && mayLand(product, 'release', effect))
    note(world, `An apply of ${effect} while a release of it is unanswered.`);
  for (const other of world.flying) {
    const isSame = other.product === product && other.effect === effect && other.kind !== 'verify';
    if (isSame && other.worker.life.state === 'runs') note(world, `Two calls of ${effect} at once.`);
  }
}
