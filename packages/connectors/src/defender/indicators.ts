import type { Answer, Call, ListedEffect } from '../connector.ts';
import { toMessage, toPrintable } from '../http/message.ts';
import type { Ticket } from '../lane.ts';
import { DefenderError, notNow, toAnswer, unclear } from './answers.ts';
import { type Api, quoted, type Row, rowsIn } from './api.ts';
import { applicationOf, type Indicator, keyOf, type Subject, standingOf, toEffect, toIndicator } from './indicator.ts';

/** An indicator that is wanted, or is to go. */
export interface Wanted {
  readonly subject: Subject;
  readonly call: Call;
}

type WantedTicket = Ticket<Wanted, Answer>;
type Found = (subject: Subject) => readonly Indicator[];

/** To see what others made needs more than `Ti.ReadWrite`. */
const PERMISSION = 'Ti.ReadWrite.All';
/** Of one import, and of one BatchDelete. */
const MOST_AT_ONCE = 500;
const GRACE_MS = 3_600_000;

const nameOf = ({ type, value }: Pick<Indicator, 'type' | 'value'>): string => `${type} ${keyOf(value)}`;

const readAll = async (api: Api, filter: string | undefined, signal: AbortSignal): Promise<readonly Indicator[]> =>
  (await api.rows('indicators', filter, PERMISSION, signal)).map(toIndicator);

/** One is asked for; for more than one all are listed, which takes a request for each 10,000. @throws {DefenderError} */
export async function lookUp(api: Api, subjects: readonly Subject[], signal: AbortSignal): Promise<Found> {
  const [first, another] = subjects;
  const filter = first && !another ? `indicatorValue eq ${quoted(first.value)}` : undefined;
  const found = Map.groupBy(await readAll(api, filter, signal), nameOf);
  return (subject) => found.get(nameOf(subject)) ?? [];
}

/** All that blocks, whoever made it. @throws {DefenderError} */
export async function listIndicators(api: Api, tenantId: string, signal: AbortSignal): Promise<ListedEffect[]> {
  const found = Map.groupBy(await readAll(api, undefined, signal), nameOf);
  return [...found.values()].flatMap((same): ListedEffect[] => {
    const standing = standingOf(same, tenantId);
    if (standing.kind !== 'ours' && standing.kind !== 'theirs') return [];
    const effect = toEffect(standing.indicator);
    return effect ? [{ ...effect, foreign: standing.kind === 'theirs' }] : [];
  });
}

function toBody({ subject, call }: Wanted, severity: string | undefined, now: number): object {
  const { actionId, reason } = call.request;
  return {
    indicatorValue: subject.value,
    indicatorType: subject.type,
    action: 'Block',
    application: applicationOf(call.tenantId),
    title: `Interdict ${call.action}`,
    description: toMessage(`Interdict action ${actionId}: ${reason ?? 'no reason was given'}`),
    expirationTime: new Date(Math.max(Date.parse(call.expirationDateTime), now) + GRACE_MS).toISOString(),
    generateAlert: severity !== undefined,
    ...(severity !== undefined && { severity }),
  };
}

/** What is settled without a request: nobody else's indicator is changed. */
function settledBy(all: readonly Indicator[], { call }: Wanted): Answer | undefined {
  const standing = standingOf(all, call.tenantId);
  if (standing.kind === 'theirs') return { kind: 'done', level: 'reported' };
  if (standing.kind !== 'inTheWay') return undefined;
  const { action, createdBy, value, isPartial } = standing.indicator;
  const scope = isPartial ? ' for some groups of devices' : '';
  const words = `Defender has an indicator ${action}${scope} for ${value}, made by ${createdBy}: it is not changed.`;
  return { kind: 'refused', message: toMessage(words) };
}

function settleAll(tickets: readonly WantedTicket[], answer: Answer): void {
  for (const ticket of tickets) ticket.settle(answer);
}

function settleImported(api: Api, tickets: readonly WantedTicket[], said: Row | undefined): void {
  const results = new Map(rowsIn(said).map((row) => [keyOf(String(row.indicator)), row]));
  for (const { item, settle } of tickets) {
    const { isFailed, failureReason, id } = results.get(keyOf(item.subject.value)) ?? {};
    if (isFailed === false) settle({ kind: 'done', level: 'reported', ...(typeof id === 'string' && { note: id }) });
    else if (isFailed !== true) settle(toAnswer(unclear('Defender did not say what came of the indicator.'), 'apply'));
    else {
      const words = api.hide(toPrintable(String(failureReason)));
      const message = toMessage(`Defender refused the indicator: ${words}.`);
      settle({ kind: 'refused', message });
    }
  }
}

const isThrottle = (error: unknown): boolean => error instanceof DefenderError && error.failure.subcode === 429;
const isRefusal = (error: unknown): boolean => error instanceof DefenderError && error.failure.kind === 'refused';

export interface Importing {
  readonly api: Api;
  readonly severity: string | undefined;
  /** What refusals may still cost: 30 imports may be made in a minute. */
  halvesLeft: number;
}

/**
 * One request. What is refused as a whole may be so for one indicator alone: halves are tried, one after the other.
 * @throws {DefenderError} where Defender is to be left alone
 */
async function importAll(importing: Importing, tickets: readonly WantedTicket[], signal: AbortSignal): Promise<void> {
  const { api, severity } = importing;
  const now = api.now().getTime();
  try {
    const Indicators = tickets.map(({ item }) => toBody(item, severity, now));
    settleImported(api, tickets, await api.post('indicators/import', { Indicators }, PERMISSION, signal));
  } catch (error) {
    if (isThrottle(error)) throw error;
    if (!isRefusal(error) || tickets.length === 1) return settleAll(tickets, toAnswer(error, 'apply'));
    const middle = Math.ceil(tickets.length / 2);
    for (const half of [tickets.slice(0, middle), tickets.slice(middle)]) {
      importing.halvesLeft -= 1;
      if (importing.halvesLeft < 0) throw notNow('Defender refused too many indicators that were sent with this one.');
      await importAll(importing, half, signal);
    }
  }
}

async function inParts<Item>(items: readonly Item[], run: (part: readonly Item[]) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += MOST_AT_ONCE) await run(items.slice(start, start + MOST_AT_ONCE));
}

const subjectsOf = (tickets: readonly WantedTicket[]): Subject[] => tickets.map(({ item }) => item.subject);

/** A list of everything that is refused is the fault of none of those who wanted it. */
function shared(error: unknown, tickets: readonly WantedTicket[]): unknown {
  return isRefusal(error) && tickets.length > 1 ? notNow((error as DefenderError).message) : error;
}

/** Puts indicators in force, after a look at what is there. Settles all. */
export async function applyIndicators(
  importing: Importing,
  tickets: readonly WantedTicket[],
  signal: AbortSignal,
): Promise<void> {
  try {
    const found = await lookUp(importing.api, subjectsOf(tickets), signal);
    const left = tickets.filter(({ item, settle }) => {
      const answer = settledBy(found(item.subject), item);
      if (answer) settle(answer);
      return answer === undefined;
    });
    await inParts(left, (part) => importAll(importing, part, signal));
  } catch (error) {
    settleAll(tickets, toAnswer(shared(error, tickets), 'apply'));
  }
}

async function deleteAll(api: Api, tickets: readonly (readonly [WantedTicket, string[]])[], signal: AbortSignal) {
  try {
    const IndicatorIds = tickets.flatMap(([, ids]) => ids);
    await api.post('indicators/BatchDelete', { IndicatorIds }, PERMISSION, signal);
  } catch (error) {
    const isMissing = error instanceof DefenderError && error.failure.subcode === 404;
    // Whether those that were there are gone is not documented.
    if (isMissing) throw unclear('One of the indicators left by itself while they were to be deleted.');
    throw error;
  }
  for (const [{ settle }] of tickets) settle({ kind: 'done', level: 'reported' });
}

/** Deletes what is ours alone. Settles all. */
export async function releaseIndicators(
  api: Api,
  tickets: readonly WantedTicket[],
  signal: AbortSignal,
): Promise<void> {
  try {
    const found = await lookUp(api, subjectsOf(tickets), signal);
    const ours = tickets.map((ticket) => {
      const application = applicationOf(ticket.item.call.tenantId);
      const all = found(ticket.item.subject).filter((each) => each.application === application);
      return [ticket, all.map(({ id }) => id)] as const;
    });
    for (const [{ settle }, ids] of ours) if (ids.length === 0) settle({ kind: 'done', level: 'reported' });
    const there = ours.filter(([, ids]) => ids.length > 0);
    await inParts(there, (part) => deleteAll(api, part, signal));
  } catch (error) {
    settleAll(tickets, toAnswer(shared(error, tickets), 'release'));
  }
}
