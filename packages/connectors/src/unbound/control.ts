import { toMessage } from '../http/message.ts';
import { askCommand, CommandFailure, type CommandSocket } from '../socket/ask-command.ts';

/** What Unbound answered with its word for it, `error`. */
export class UnboundError extends Error {}

/** The one type that this connector makes: the name and all below it do not exist, whatever else Unbound knows of them. */
export const TYPE = 'always_nxdomain';

/** The types of all local zones by their names, in lower case and without the last dot. */
export type Zones = ReadonlyMap<string, string>;

/** Some 400,000 zones. */
const MOST_LISTED_BYTES = 24 * 1024 ** 2;
/** Unbound answers no query on that thread meanwhile: 25 ms. */
const MOST_LINES = 1_000;
const ZONE = /^(\S*)\. (\w+)$/;

const meaningless = (what: string): CommandFailure =>
  new CommandFailure(`Unbound's answer to ${what} cannot be read.`, true);

function throwError(answer: string): void {
  if (/^error\b/.test(answer)) throw new UnboundError(`Unbound: ${toMessage(answer)}`);
}

/** Unbound has zones of its own (RFC 6303), so that an empty list is none. @throws {CommandFailure | UnboundError} */
export async function listZones(socket: CommandSocket, signal: AbortSignal): Promise<Zones> {
  const answer = await askCommand(socket, 'UBCT1 list_local_zones\n', signal, MOST_LISTED_BYTES);
  throwError(answer);
  if (!answer.endsWith('\n')) throw meaningless('list_local_zones');
  const zones = new Map<string, string>();
  for (const line of answer.slice(0, -1).split('\n')) {
    const [, name, type] = ZONE.exec(line) ?? [];
    if (name === undefined || type === undefined) throw meaningless('list_local_zones');
    zones.set(name, type);
  }
  return zones;
}

/** What Unbound said against single lines, by the zone's name. Where a line is not named in it, it was done. */
export type Refusals = ReadonlyMap<string, string>;

interface Bulk {
  readonly command: 'local_zones' | 'local_zones_remove';
  readonly done: 'added' | 'removed';
  readonly line: (zone: string) => string;
}

const ADD: Bulk = { command: 'local_zones', done: 'added', line: (zone) => `${zone} ${TYPE}\n` };
const REMOVE: Bulk = { command: 'local_zones_remove', done: 'removed', line: (zone) => `${zone}\n` };

const BAD_LINE = 'error for input line: ';

/** Each refused line is named after the reason; the last line counts those that were done. @throws {CommandFailure | UnboundError} */
function parseBulk({ command, done }: Bulk, zones: readonly string[], answer: string): Refusals {
  const lines = answer.split('\n');
  const refusals = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith(BAD_LINE)) continue;
    const [zone = ''] = line.slice(BAD_LINE.length).split(' ');
    if (zones.includes(zone)) refusals.set(zone, `Unbound: ${toMessage(lines[index - 1] ?? line)}`);
  }
  const count = zones.length - refusals.size;
  if (lines.at(-2) === `${done} ${count} zones` && lines.at(-1) === '') return refusals;
  if (!answer.includes(BAD_LINE)) throwError(answer);
  throw meaningless(command);
}

async function bulk(
  socket: CommandSocket,
  order: Bulk,
  zones: readonly string[],
  signal: AbortSignal,
): Promise<Refusals> {
  const text = `UBCT1 ${order.command}\n${zones.map(order.line).join('')}\u0004\n`;
  return parseBulk(order, zones, await askCommand(socket, text, signal));
}

async function inParts(
  socket: CommandSocket,
  order: Bulk,
  zones: readonly string[],
  signal: AbortSignal,
): Promise<Refusals> {
  const refusals = new Map<string, string>();
  for (let start = 0; start < zones.length; start += MOST_LINES) {
    const part = await bulk(socket, order, zones.slice(start, start + MOST_LINES), signal);
    for (const [zone, why] of part) refusals.set(zone, why);
  }
  return refusals;
}

/** @throws {CommandFailure | UnboundError} */
export const addZones = (socket: CommandSocket, zones: readonly string[], signal: AbortSignal): Promise<Refusals> =>
  inParts(socket, ADD, zones, signal);

/** What is not there counts as removed. @throws {CommandFailure | UnboundError} */
export const removeZones = (socket: CommandSocket, zones: readonly string[], signal: AbortSignal): Promise<Refusals> =>
  inParts(socket, REMOVE, zones, signal);
