import type { Answer, Call, ListedEffect, Presence } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { DefenderError, notNow } from './answers.ts';
import { type Api, quoted } from './api.ts';
import type { DeviceAction } from './device-actions.ts';
import {
  commentOf,
  isOf,
  isOfOperation,
  isOurs,
  isWhole,
  type MachineAction,
  newestFirst,
  readHistory,
  stateOf,
  toMachineAction,
} from './machine-action.ts';

const AGAIN_MS = 10_000;

type Pending = Extract<Presence, { kind: 'pending' }>;

const pending = ({ type, status }: MachineAction): Pending => ({
  kind: 'pending',
  message: `Defender says ${status} of ${type}.`,
  againMs: AGAIN_MS,
});

/** What a machine action of ours means for the call that asked for it. */
function toAnswer(made: MachineAction): Answer {
  if (made.progress === 'open') return { ...pending(made), note: made.id };
  if (made.progress === 'succeeded') return { kind: 'done', level: 'reported', note: made.id };
  return { kind: 'refused', message: `Defender says ${made.status} of ${made.type}: nothing more will come of it.` };
}

interface Sent {
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
}

/** @throws {DefenderError} */
async function send(api: Api, { permission }: DeviceAction, sent: Sent, call: Call, signal: AbortSignal) {
  const body = { Comment: commentOf(call), ...sent.body };
  return toMachineAction(await api.post(sent.path, body, permission, signal));
}

const onDevice = (call: Call, path: string): string => `machines/${call.target.value}/${path}`;

/** "Action is already in progress": another process of ours, or an analyst, was a moment before. */
const isBusy = (error: unknown): error is DefenderError =>
  error instanceof DefenderError && error.failure.subcode === 400 && /in progress/i.test(error.message);

function whileBusy(error: unknown): Answer {
  if (!isBusy(error)) throw error;
  return { kind: 'pending', message: error.message, againMs: AGAIN_MS };
}

const historyOf = (api: Api, { target }: Call, signal: AbortSignal): Promise<readonly MachineAction[]> =>
  readHistory(api, `machineId eq ${quoted(target.value)}`, signal);

/** What this operation made, or an earlier one of the same effect. */
const runOf = (history: readonly MachineAction[], action: DeviceAction, call: Call): MachineAction | undefined =>
  history.find((each) => isOf(action, each) && (each.id === call.note || isOfOperation(each, call)));

/** What nothing takes back is not done twice for one operation. */
async function runOnce(api: Api, action: DeviceAction, call: Call, signal: AbortSignal): Promise<Answer> {
  const run = runOf(await historyOf(api, call, signal), action, call);
  if (run) return toAnswer(run);
  try {
    return toAnswer(await send(api, action, { ...action, path: onDevice(call, action.path) }, call, signal));
  } catch (error) {
    throw isBusy(error) ? notNow(`Another ${action.type} is under way on the device.`) : error;
  }
}

/** Defender gets one at a time: of two that overlap it may finish the older last. @throws {DefenderError} */
export async function applyToDevice(api: Api, action: DeviceAction, call: Call, signal: AbortSignal): Promise<Answer> {
  if (!action.undo) return runOnce(api, action, call, signal);
  const { open, last, failed } = stateOf(await historyOf(api, call, signal), action);
  if (open?.type === action.undo.type) throw notNow(`Defender is still at ${open.type} of the device.`);
  if (open) return pending(open);
  if (last?.type === action.type) {
    if (isWhole(last)) return { kind: 'done', level: 'reported', note: last.id };
    // To widen it is to make it ours, and to end it with ours.
    const message = `The device is isolated in part (${last.scope}), by somebody else: that is left as it is.`;
    return { kind: 'refused', message: toMessage(message) };
  }
  const own = failed.find((each) => each.type === action.type && isOfOperation(each, call));
  if (own) return toAnswer(own);
  const made = send(api, action, { ...action, path: onDevice(call, action.path) }, call, signal);
  return await made.then(toAnswer, whileBusy);
}

/** What waits for a device that is away would be done when it is back. */
async function cancel(api: Api, action: DeviceAction, open: MachineAction, call: Call, signal: AbortSignal) {
  return send(api, action, { path: `machineactions/${open.id}/cancel`, body: {} }, call, signal);
}

/** Takes back what is ours. @throws {DefenderError} */
export async function releaseDevice(api: Api, action: DeviceAction, call: Call, signal: AbortSignal): Promise<Answer> {
  // Nothing of it lasts.
  if (!action.undo) return { kind: 'done', level: 'accepted' };
  const { open, last } = stateOf(await historyOf(api, call, signal), action);
  if (open?.type === action.undo.type) return pending(open);
  if (open && isOurs(open, call.tenantId)) {
    const left = await cancel(api, action, open, call, signal);
    if (left.progress === 'open') return pending(left);
  }
  if (last?.type !== action.type || !isOurs(last, call.tenantId)) return { kind: 'done', level: 'reported' };
  const undo = { path: onDevice(call, action.undo.path), body: {} };
  const undone = await send(api, action, undo, call, signal).then(toAnswer, whileBusy);
  if (undone.kind === 'refused') throw notNow(undone.message);
  // The note is that of what is to be taken back.
  return undone.kind === 'pending' ? { ...undone, note: last.id } : { kind: 'done', level: 'reported' };
}

/** A run is over with the time that it was asked for: a release of it has nothing to do, and is seen to be done. */
async function lookAtRun(api: Api, action: DeviceAction, call: Call, signal: AbortSignal): Promise<Presence> {
  if (Date.parse(call.expirationDateTime) <= api.now().getTime()) return { kind: 'absent' };
  const history = await historyOf(api, call, signal);
  const run = runOf(history, action, call) ?? history.find((each) => isOf(action, each) && isOurs(each, call.tenantId));
  if (run?.progress === 'open') return pending(run);
  return run?.progress === 'succeeded' ? { kind: 'present', foreign: false } : { kind: 'absent' };
}

/** @throws {DefenderError} */
export async function lookAtDevice(api: Api, action: DeviceAction, call: Call, signal: AbortSignal): Promise<Presence> {
  const { undo, type } = action;
  if (!undo) return lookAtRun(api, action, call, signal);
  const { open, last } = stateOf(await historyOf(api, call, signal), action);
  const holds = last?.type === type && isWhole(last);
  if (open?.type === undo.type && holds) return pending(open);
  if (open?.type === type && !holds) return { ...pending(open), ...(open.status === 'Pending' && { landed: 'no' }) };
  return last && holds ? { kind: 'present', foreign: !isOurs(last, call.tenantId) } : { kind: 'absent' };
}

/** On which devices an action is in force, or was run by us. @throws {DefenderError} */
export async function listDevices(
  api: Api,
  [name, action]: readonly [string, DeviceAction],
  tenantId: string,
  signal: AbortSignal,
): Promise<readonly ListedEffect[]> {
  const types = [action.type, ...(action.undo ? [action.undo.type] : [])];
  const all: MachineAction[] = [];
  for (const type of types) all.push(...(await readHistory(api, `type eq ${quoted(type)}`, signal)));
  const counts = (each: MachineAction): boolean =>
    each.progress === 'succeeded' && (action.undo !== undefined || (isOf(action, each) && isOurs(each, tenantId)));
  const succeeded = newestFirst(all).filter(counts);
  const lastOfEach = new Map(succeeded.toReversed().map((each) => [each.machineId, each]));
  return [...lastOfEach.values()]
    .filter((last) => last.type === action.type && isWhole(last))
    .map((last) => ({
      action: name,
      target: { kind: 'host', value: last.machineId },
      foreign: !isOurs(last, tenantId),
    }));
}
