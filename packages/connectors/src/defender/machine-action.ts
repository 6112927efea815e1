import type { Call } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { unclear } from './answers.ts';
import type { Api, Row } from './api.ts';
import type { DeviceAction } from './device-actions.ts';

/** One entry of the history that Defender keeps of its devices. */
export interface MachineAction {
  readonly id: string;
  readonly type: string;
  readonly progress: 'open' | 'succeeded' | 'failed';
  /** As Defender says it. */
  readonly status: string;
  readonly scope: string;
  readonly machineId: string;
  readonly comment: string;
  readonly createdAt: number;
}

const PROGRESS: ReadonlyMap<unknown, MachineAction['progress']> = new Map<unknown, MachineAction['progress']>([
  ['Pending', 'open'],
  ['InProgress', 'open'],
  ['Succeeded', 'succeeded'],
  ['Failed', 'failed'],
  ['TimeOut', 'failed'],
  ['Cancelled', 'failed'],
]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @throws {DefenderError} */
export function toMachineAction(row: Row | undefined): MachineAction {
  const { id, type, status, machineId, scope, requestorComment, creationDateTimeUtc } = row ?? {};
  const createdAt = Date.parse(textOf(creationDateTimeUtc));
  const progress = PROGRESS.get(status);
  const isWhole = typeof id === 'string' && typeof type === 'string' && typeof machineId === 'string';
  if (!progress || !isWhole || Number.isNaN(createdAt)) throw unclear('Defender answered what is no machine action.');
  const comment = textOf(requestorComment);
  return { id, type, progress, status: textOf(status), scope: textOf(scope), machineId, comment, createdAt };
}

const OTHER_TYPES: ReadonlySet<string> = new Set(['LiveResponse', 'Offboard', 'StopAndQuarantineFile']);

/** The newest first. @throws {DefenderError} */
export async function readHistory(api: Api, filter: string, signal: AbortSignal): Promise<readonly MachineAction[]> {
  const rows = await api.rows('machineactions', filter, 'Machine.Read.All', signal);
  // What is none of ours says nothing of the device's state, in whatever words its own is told.
  const known = rows.filter((row) => !OTHER_TYPES.has(textOf(row.type)));
  return newestFirst(known.map(toMachineAction));
}

export const newestFirst = (actions: readonly MachineAction[]): readonly MachineAction[] =>
  actions.toSorted((one, other) => other.createdAt - one.createdAt);

/** Stands at the head of the comment. */
const markOf = (tenantId: string): string => `Interdict ${tenantId} `;

/** Whose it is, which operation asked for it, and why. */
export const commentOf = ({ tenantId, operationId, request }: Call): string =>
  toMessage(`${markOf(tenantId)}${operationId}: ${request.reason ?? 'no reason was given'}`);

export const isOurs = ({ comment }: MachineAction, tenantId: string): boolean => comment.startsWith(markOf(tenantId));

export const isOfOperation = ({ comment }: MachineAction, { tenantId, operationId }: Call): boolean =>
  comment.startsWith(`${markOf(tenantId)}${operationId}:`);

export const isOf = ({ type, scope }: DeviceAction, each: MachineAction): boolean =>
  each.type === type && (scope === undefined || each.scope === scope);

/** A selective isolation leaves parts of the device open: it is not what was asked for. */
export const isWhole = ({ type, scope }: MachineAction): boolean => type !== 'Isolate' || ['', 'Full'].includes(scope);

/** How a device stands with an action that can be taken back. */
export interface DeviceState {
  /** Under way: the newest that is in no final state. */
  readonly open: MachineAction | undefined;
  /** The newest that succeeded: what holds. */
  readonly last: MachineAction | undefined;
  /** What was done or undone after that, and came to nothing. */
  readonly failed: readonly MachineAction[];
}

/** @param history of one device, the newest first */
export function stateOf(history: readonly MachineAction[], { type, undo }: DeviceAction): DeviceState {
  const all = history.filter((each) => each.type === type || each.type === undo?.type);
  const last = all.find(({ progress }) => progress === 'succeeded');
  const later = last ? all.slice(0, all.indexOf(last)) : all;
  return {
    open: all.find(({ progress }) => progress === 'open'),
    last,
    failed: later.filter(({ progress }) => progress === 'failed'),
  };
}
