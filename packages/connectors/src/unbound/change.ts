import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import type { CommandSocket } from '../socket/ask-command.ts';
import { together } from '../together.ts';
import { DONE, LEFT, otherType, toAnswer, toRefused, type Verb } from './answers.ts';
import { addZones, listZones, removeZones, TYPE, type Zones } from './control.ts';

export interface Change {
  readonly verb: Verb;
  readonly zone: string;
}

type ChangeTicket = Ticket<Change, Answer>;

const zonesOf = (tickets: readonly ChangeTicket[]): string[] => [...new Set(tickets.map(({ item }) => item.zone))];

/** What needs no call is answered; the others are left. */
function settleByLook(tickets: readonly ChangeTicket[], zones: Zones): ChangeTicket[] {
  return tickets.filter(({ item: { verb, zone }, settle }) => {
    const type = zones.get(zone);
    if (verb === 'release') {
      if (type === TYPE) return true;
      settle(DONE);
    } else {
      if (type === undefined) return true;
      settle(type === TYPE ? DONE : toRefused(otherType(zone, type), verb));
    }
    return false;
  });
}

/** A look comes first: Unbound would change an administrator's zone of that name, and remove it, without a word. */
async function carryOut(
  socket: CommandSocket,
  verb: Verb,
  tickets: readonly ChangeTicket[],
  signal: AbortSignal,
): Promise<void> {
  try {
    const zones = await listZones(socket, signal);
    const waiting = settleByLook(tickets, zones).filter(({ signal: own }) => !own.aborted);
    if (waiting.length === 0) return;
    const send = verb === 'apply' ? addZones : removeZones;
    const refusals = await send(socket, zonesOf(waiting), signal);
    for (const { item, settle } of waiting) {
      const why = refusals.get(item.zone);
      settle(why === undefined ? DONE : toRefused(why, verb));
    }
  } catch (error) {
    const answer = toAnswer(error, verb);
    for (const { settle } of tickets) settle(answer);
  }
}

/** Carries out what has gathered. Calls of one effect never overlap, so that the order of verbs does not matter. */
export async function change(
  socket: CommandSocket,
  tickets: readonly ChangeTicket[],
  closing: AbortSignal,
): Promise<void> {
  for (const verb of ['apply', 'release'] as const) {
    const taken = tickets.filter((ticket) => ticket.item.verb === verb && ticket.take());
    if (taken.length === 0) continue;
    await together(
      taken,
      closing,
      ({ settle }) => settle(LEFT),
      (signal) => carryOut(socket, verb, taken, signal),
    );
  }
}
