import type { ListedEffect, Presence } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import type { CommandSocket } from '../socket/ask-command.ts';
import { together } from '../together.ts';
import { toUnknown } from './answers.ts';
import type { UnboundConfig } from './config.ts';
import { listZones, TYPE, type Zones } from './control.ts';
import { probe, type Sight } from './probe.ts';
import { isDomain } from './zone.ts';

export const GIVEN_UP: Presence = { kind: 'unknown', message: 'The look was given up before Unbound had answered.' };

type LookTicket = Ticket<string, Presence>;

function toPresence(zone: string, sight: Sight | undefined, at: UnboundConfig['probe']): Presence {
  if (sight?.isBlocked) return { kind: 'present' };
  const message = `Unbound lists ${zone}. as ${TYPE}, but at ${at.host} port ${at.port} it answers ${sight?.answer}: is that this Unbound (probe), and may this host ask it (access-control)?`;
  return { kind: 'unknown', message, fault: 'ours' };
}

/**
 * The list tells whether there is a zone of just this name: a parent zone that blocks it too is somebody else's, and may
 * go. The question tells whether clients are refused.
 */
async function lookAt(
  socket: CommandSocket,
  at: UnboundConfig['probe'],
  tickets: readonly LookTicket[],
  signal: AbortSignal,
): Promise<void> {
  try {
    const zones = await listZones(socket, signal);
    const isThere = ({ item }: LookTicket): boolean => zones.get(item) === TYPE;
    for (const ticket of tickets) if (!isThere(ticket)) ticket.settle({ kind: 'absent' });
    const there = tickets.filter(isThere);
    const sights = await probe(at, [...new Set(there.map(({ item }) => item))], signal);
    for (const { item, settle } of there) settle(toPresence(item, sights.get(item), at));
  } catch (error) {
    for (const { settle } of tickets) settle(toUnknown(error));
  }
}

/** One list for all who look at the same time. */
export async function look(
  socket: CommandSocket,
  at: UnboundConfig['probe'],
  tickets: readonly LookTicket[],
  closing: AbortSignal,
): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  await together(
    taken,
    closing,
    ({ settle }) => settle(GIVEN_UP),
    (signal) => lookAt(socket, at, taken, signal),
  );
}

/**
 * Unbound has no place to write whose a zone is: the server's ledger tells. Here all count as strangers', so that a zone which
 * an administrator made after our release is never taken for one of ours that was left over.
 */
export const toListed = (zones: Zones): ListedEffect[] =>
  [...zones]
    .filter(([name, type]) => type === TYPE && isDomain(name))
    .map(([value]) => ({ action: 'BlockDomain', target: { kind: 'domain', value }, foreign: true }));
