import type { EnforcementState, OperationStatus } from '@interdict/contract';

/** Which status may follow which. Completed and Failed are final: clients stop asking there. */
const NEXT_STATUS: Readonly<Record<OperationStatus, readonly OperationStatus[]>> = {
  NotStarted: ['Running', 'Failed'],
  Running: ['Completed', 'Failed'],
  Completed: [],
  Failed: [],
};

/** Which states of the effect each status can be in. */
const STATES_OF: Readonly<Record<OperationStatus, readonly EnforcementState[]>> = {
  NotStarted: ['awaitingApproval', 'scheduled', 'pending'],
  Running: ['pending', 'unknown', 'releasing'],
  Completed: ['inForce', 'drifted', 'releasing', 'released', 'releaseFailed'],
  Failed: ['none', 'unknown', 'releasing', 'released', 'releaseFailed'],
};

/** Which state may follow which. What is released, or never was, stays so. */
const NEXT_STATE: Readonly<Record<EnforcementState, readonly EnforcementState[]>> = {
  none: [],
  awaitingApproval: ['scheduled', 'pending', 'none'],
  scheduled: ['pending', 'none'],
  pending: ['unknown', 'inForce', 'releasing', 'released', 'releaseFailed', 'none'],
  unknown: ['pending', 'inForce', 'releasing', 'released', 'releaseFailed', 'none'],
  inForce: ['drifted', 'releasing', 'released', 'releaseFailed'],
  drifted: ['inForce', 'releasing', 'released', 'releaseFailed'],
  releasing: ['released', 'releaseFailed', 'none'],
  releaseFailed: ['releasing', 'released'],
  released: [],
};

/** Where an action stands: what clients see of its lifecycle. */
export interface Standing {
  readonly status: OperationStatus;
  readonly state: EnforcementState;
}

export const isFinal = (status: OperationStatus): boolean => NEXT_STATUS[status].length === 0;

const mayFollow = (from: Standing, to: Standing): boolean =>
  (from.status === to.status || NEXT_STATUS[from.status].includes(to.status)) &&
  (from.state === to.state || NEXT_STATE[from.state].includes(to.state)) &&
  STATES_OF[to.status].includes(to.state);

/**
 * The one gate of the lifecycle: every change of an action passes here.
 * @throws {Error} for a step that the tables forbid: a bug, whoever asked for it
 */
export function assertStep(from: Standing, to: Standing): void {
  if (mayFollow(from, to)) return;
  throw new Error(`An action cannot go from ${from.status}/${from.state} to ${to.status}/${to.state}.`);
}
