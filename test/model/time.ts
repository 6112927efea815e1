import { SENT_WITHIN_MS } from './key.ts';
import { momentOf } from './rows-store.ts';
import type { HeldCall, Message, Model, State, Step } from './state.ts';

/** A process that runs has given up on a call, and on the look behind it, and has stored that, before its lease ends. */
const SETTLED_WITHIN_MS = 30_000;

const landsBefore = (message: Message | undefined): readonly number[] =>
  message === undefined || message.until === Number.MAX_SAFE_INTEGER ? [] : [message.until];

type Moments = readonly (number | null | undefined)[];

function ofLedger({ ledger }: State, { scenario: { terms } }: Model): Moments {
  if (!ledger) return [];
  const { release_wished_at: wished, release_failed, due_at, settles_at, unanswered_until } = ledger;
  const late = wished !== null && release_failed === 0 ? wished + terms.deadlineMs : null;
  return [due_at, settles_at, unanswered_until, late];
}

function ofCall({ stage, askedAt, sentAt, message }: HeldCall, { scenario: { terms } }: Model): Moments {
  const must = {
    leased: askedAt + SENT_WITHIN_MS,
    sent: sentAt + terms.timeoutMs,
    checked: null,
    done: null,
    over: null,
  };
  return [must[stage], ...landsBefore(message)];
}

/** Moments at which something becomes due, runs out or cannot land any more. */
function moments(state: State, model: Model): Moments {
  const { actions, late, workers, dueAt, past } = state;
  return [
    dueAt,
    // A list that is not older than the release.
    past && model.scenario.terms.lists ? past.released_at + 1_000 : null,
    ...actions.flatMap(({ start_at, end_at }) => [start_at, end_at]),
    ...ofLedger(state, model),
    ...late.flatMap(landsBefore),
    ...workers.flatMap(({ calls }) => calls.flatMap((call) => ofCall(call, model))),
  ];
}

/** A process that runs is not slower than this. */
function limit({ workers }: State, { scenario: { terms } }: Model): number {
  const running = workers.flatMap(({ isPaused, calls }) => (isPaused ? [] : calls));
  const limits = running.map(({ stage, askedAt, sentAt }) => {
    if (stage === 'leased') return askedAt + SENT_WITHIN_MS;
    return stage === 'sent' ? sentAt + terms.timeoutMs : askedAt + SETTLED_WITHIN_MS;
  });
  return Math.min(...limits);
}

const isOver =
  (now: number) =>
  ({ until }: Message): boolean =>
    until <= now;

/** Time goes on to the next moment that matters, and what was on its way and did not land is lost. */
export function pass(state: State, model: Model): readonly Step[] {
  const { grainMs } = model.scenario;
  let next = Number.POSITIVE_INFINITY;
  for (const moment of moments(state, model)) if (moment && moment > state.now) next = Math.min(next, moment);
  if (next === Number.POSITIVE_INFINITY) return [];
  const now = grainMs === undefined ? next : Math.min(next, state.now + grainMs);
  if (now > Math.max(state.now, limit(state, model))) return [];
  const late = state.late.some(isOver(now)) ? state.late.filter((message) => !isOver(now)(message)) : state.late;
  const workers = state.workers.map((worker) => {
    if (!worker.calls.some(({ message }) => message && isOver(now)(message))) return worker;
    const calls = worker.calls.map((call) =>
      call.message && isOver(now)(call.message) ? { ...call, message: undefined } : call,
    );
    return { ...worker, calls };
  });
  return [{ label: `it is ${momentOf(now).trim()}`, isCalm: true, to: { ...state, now, late, workers } }];
}
