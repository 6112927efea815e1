import { cancelAction } from './actions/cancel-action.ts';
import { askRepeated, createAction, findOutcome } from './actions/create-action.ts';
import { deleteAction } from './actions/delete-action.ts';
import { resumeDispatch, stopDispatch } from './actions/dispatch-units.ts';
import { beginFetch, endFetch, forgetFetches } from './actions/feed-fetches.ts';
import { keepOrder } from './actions/listing/kept-order.ts';
import { indexAgain, indexWords } from './actions/listing/word-index.ts';
import { quarantineTenant } from './actions/quarantine.ts';
import {
  pruneActions,
  pruneDeliveries,
  pruneKeptOrders,
  prunePauses,
  pruneUsedKeys,
} from './actions/retention/prune-units.ts';
import { updateAction } from './actions/update-action.ts';
import { completeWork, renewWork } from './dispatch/agent/work-units.ts';
import { freeLeases } from './dispatch/free-leases.ts';
import { giveUpLate } from './dispatch/give-up-late.ts';
import { wakeMissing } from './dispatch/reconcile.ts';
import { settleCall } from './dispatch/settle-call.ts';
import { forgetPastEffects, settleStrays } from './dispatch/take-back.ts';
import { takeDue } from './dispatch/take-due.ts';
import { takeOne } from './dispatch/take-one.ts';
import { settleUnheld } from './dispatch/unheld-leases.ts';
import {
  beginDelivery,
  clearSubscription,
  restSubscription,
  settleDelivery,
  takeSubscription,
} from './notify/delivery-units.ts';
import {
  createSubscription,
  reauthorizeSubscription,
  removeSubscription,
  renewSubscription,
  resendDelivery,
} from './notify/subscription-units.ts';
import type { AnyUnit } from './store/work.ts';

/** Every unit of work, for both sides of the store's threads. */
export const UNITS: readonly AnyUnit[] = [
  createAction,
  askRepeated,
  findOutcome,
  cancelAction,
  deleteAction,
  updateAction,
  quarantineTenant,
  stopDispatch,
  resumeDispatch,
  beginFetch,
  endFetch,
  forgetFetches,
  takeDue,
  takeOne,
  settleCall,
  completeWork,
  renewWork,
  freeLeases,
  settleUnheld,
  giveUpLate,
  wakeMissing,
  settleStrays,
  forgetPastEffects,
  createSubscription,
  renewSubscription,
  removeSubscription,
  reauthorizeSubscription,
  resendDelivery,
  takeSubscription,
  beginDelivery,
  settleDelivery,
  restSubscription,
  clearSubscription,
  pruneUsedKeys,
  pruneKeptOrders,
  pruneDeliveries,
  prunePauses,
  pruneActions,
  keepOrder,
  indexWords,
  indexAgain,
];
