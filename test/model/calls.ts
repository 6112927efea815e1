import type { Answer, Presence } from '../../packages/connectors/src/connector.ts';
import { isFresh, SENT_WITHIN_MS } from './key.ts';
import { landed, looked, mayLand } from './product.ts';
import type { Budget, HeldCall, Message, Model, State, Step } from './state.ts';
import { settle, withCalls, writeIntent } from './wiring.ts';

const isWrite = ({ leased: { kind } }: HeldCall): boolean => kind === 'apply' || kind === 'release';

/** One less of what may still go wrong. */
export const spend = (state: State, name: keyof Budget): State => ({
  ...state,
  budget: { ...state.budget, [name]: state.budget[name] - 1 },
});

function replaced(state: State, worker: number, call: HeldCall, change: Partial<HeldCall>): State {
  const calls = state.workers[worker]?.calls ?? [];
  const at = calls.indexOf(call);
  return withCalls(state, worker, calls.with(at, { ...call, ...change }));
}

/** That the product has begun was never written down here: it counts as a call whose answer was lost. */
function forgotten({ late, now }: State, { leased }: HeldCall, latenessMs: number): readonly Message[] {
  const isIts = ({ isJob, key, until }: Message): boolean =>
    isJob && key === leased.call.operationId && until < Number.MAX_SAFE_INTEGER;
  return late.map((message) =>
    isIts(message) ? { ...message, until: Math.min(message.until, now + latenessMs) } : message,
  );
}

/** The outcome is not known here; what is on its way may land until the lateness is over. */
export function givenUp(state: State, call: HeldCall, { scenario: { terms } }: Model): readonly Message[] {
  const { message, sentAt } = call;
  if (!message) return forgotten(state, call, terms.latenessMs);
  const until = Math.min(state.now, sentAt + terms.timeoutMs) + terms.latenessMs;
  return until > state.now ? [...state.late, { ...message, until }] : state.late;
}

const UNKNOWN = { kind: 'unknown', message: 'No answer came.' } as const;

/** What must hold when a write is sent. */
function faultOfSending(state: State, call: HeldCall, { scenario, fault }: Model): string | undefined {
  const { kind } = call.leased;
  if (!call.isIntended && fault !== 'sendBeforeIntent') return 'I2: a call is sent without an intent.';
  if (!isFresh(state, call)) return undefined;
  if (kind === 'apply' && !state.hadZombie && mayLand(state, 'release'))
    return 'An apply is sent while a release may still land.';
  if (scenario.idempotence === 'none' && kind === 'apply' && !state.hadZombie && mayLand(state, 'apply'))
    return 'A repeat that the product does not know is sent while the first may land.';
  return undefined;
}

function send(state: State, worker: number, call: HeldCall, model: Model): Step {
  const { leased } = call;
  const { terms } = model.scenario;
  const key = model.fault === 'keyPerAttempt' ? `${leased.call.operationId}.${leased.fence}` : leased.call.operationId;
  const until = state.now + terms.timeoutMs + terms.latenessMs;
  const message: Message = { kind: leased.kind as Message['kind'], key, until, isJob: false };
  const isZombie = call.stage === 'checked' && state.now - call.askedAt > SENT_WITHIN_MS;
  const to = replaced(state, worker, call, { stage: 'sent', sentAt: state.now, message });
  return {
    label: `w${worker} sends ${leased.kind}${isZombie ? ', long after its check' : ''}`,
    isCalm: true,
    to: { ...to, hadZombie: state.hadZombie || isZombie },
    broken: faultOfSending(state, call, model),
  };
}

const over = (state: State, worker: number, call: HeldCall, result: HeldCall['result']): State =>
  replaced(state, worker, call, { stage: 'over', message: undefined, result, lookedAt: state.now });

const UNSENT: Answer = { kind: 'unavailable', message: 'Its turn came too late: nothing was sent.' };

function presenceFor(state: State, call: HeldCall, { fault }: Model): Presence {
  const isForged = fault === 'noReadBack' || fault === 'noSettleNoReadBack';
  if (isForged && call.leased.kind === 'release') return { kind: 'absent' };
  return looked(state);
}

function look(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  const { answer } = call.result;
  const what = answer ? 'reads back' : 'looks';
  const presence = presenceFor(state, call, model);
  const seen: Step = {
    label: `w${worker} ${what}: ${presence.kind}`,
    isCalm: true,
    to: over(state, worker, call, { ...call.result, presence }),
  };
  if (state.budget.lost === 0) return [seen];
  const blind = over(spend(state, 'lost'), worker, call, { ...call.result, presence: UNKNOWN });
  return [seen, { label: `w${worker} ${what}: no answer`, isCalm: false, to: blind }];
}

function ofLeased(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  if (!isWrite(call)) return look(state, worker, call, model);
  if (call.stage === 'checked') return [send(state, worker, call, model)];
  if (state.now - call.askedAt > SENT_WITHIN_MS) {
    const to = over(state, worker, call, { answer: UNSENT });
    return [{ label: `w${worker} is too late to send`, isCalm: true, to }];
  }
  const steps = [send(state, worker, call, model)];
  if (state.budget.gaps === 0) return steps;
  const stands = replaced(spend(state, 'gaps'), worker, call, { stage: 'checked' });
  const workers = stands.workers.map((each, index) => (index === worker ? { ...each, isPaused: true } : each));
  return [...steps, { label: `w${worker} stands still before it sends`, isCalm: false, to: { ...stands, workers } }];
}

const after = (call: HeldCall, answer: Answer, { scenario }: Model): Partial<HeldCall> => {
  const wantsLook =
    scenario.terms.probes &&
    (answer.kind === 'done' || (call.leased.kind === 'apply' && answer.kind === 'refused' && call.leased.inDoubt));
  return { stage: wantsLook ? 'done' : 'over', message: undefined, result: { answer } };
};

type Said = readonly [label: string, budget: keyof Budget | undefined, answer: Answer, late: readonly Message[]];

/** What the product may make of a write. */
function answers(state: State, call: HeldCall, message: Message): readonly Said[] {
  const job = state.late.find(({ isJob, key, kind }) => isJob && key === message.key && kind === message.kind);
  const pending: Answer = { kind: 'pending', message: 'At it.', againMs: 0 };
  if (job) return [['is at it still', undefined, pending, state.late]];
  const begun = [...state.late, { ...message, isJob: true }];
  const said: Said[] = [['begins', 'pending', pending, begun]];
  said.push(['is not there', 'unavailable', { kind: 'unavailable', message: 'Down.' }, state.late]);
  if (call.leased.kind === 'apply') said.push(['refuses', 'refused', { kind: 'refused', message: 'No.' }, state.late]);
  return said;
}

/** The product carries a write out and says so; that goes on while the process stands still. */
function done(state: State, worker: number, call: HeldCall, message: Message, model: Model): Step {
  const product = landed(state.product, message, model.scenario.idempotence);
  const answer: Answer = { kind: 'done', level: 'reported' };
  const change = { ...after(call, answer, model), lookedAt: state.now };
  const to = replaced({ ...state, product }, worker, call, change);
  return { label: `the product does w${worker}'s ${message.kind}`, isCalm: true, to };
}

function unanswered(state: State, worker: number, call: HeldCall, model: Model): State {
  const late = givenUp(state, call, model);
  const result =
    model.fault === 'silenceIsDone'
      ? ({ answer: { kind: 'done', level: 'reported' }, presence: { kind: 'present' } } as const)
      : { answer: UNKNOWN };
  return over({ ...state, late }, worker, call, result);
}

const isUnwanted = ({ ledger }: State): boolean =>
  ledger !== undefined && ledger.holds === 0 && ledger.release_wished_at !== null;

function ofSent(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  const { message } = call;
  if (!message || state.now > call.sentAt + model.scenario.terms.timeoutMs) {
    return [{ label: `w${worker} has waited too long`, isCalm: true, to: unanswered(state, worker, call, model) }];
  }
  const steps: Step[] = [];
  const isJobAsked = state.late.some(({ isJob, key }) => isJob && key === message.key);
  if (!isJobAsked) steps.push(done(state, worker, call, message, model));
  for (const [label, budget, answer, late] of answers(state, call, message)) {
    if (budget !== undefined && state.budget[budget] === 0) continue;
    const spent = budget === undefined ? state : spend(state, budget);
    const to = replaced({ ...spent, late }, worker, call, { ...after(call, answer, model), lookedAt: state.now });
    steps.push({ label: `the product ${label}`, isCalm: budget === undefined, to });
  }
  if (state.budget.lost > 0) {
    const to = unanswered(spend(state, 'lost'), worker, call, model);
    steps.push({ label: `w${worker}'s ${message.kind} is lost`, isCalm: false, to });
  }
  return steps;
}

function ofOver(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  if (!call.isIntended) {
    return [{ label: `w${worker} writes its intent`, isCalm: true, to: writeIntent(state, worker, call, model) }];
  }
  const steps: Step[] = [
    { label: `w${worker} settles its ${call.leased.kind}`, isCalm: true, to: settle(state, worker, call, model) },
  ];
  return steps;
}

/** What a process that runs may do with a call that it holds. */
export function stepsOfCall(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  const steps: Step[] = [];
  if (call.stage === 'leased' || call.stage === 'checked') steps.push(...ofLeased(state, worker, call, model));
  if (call.stage === 'sent') steps.push(...ofSent(state, worker, call, model));
  if (call.stage === 'done') steps.push(...look(state, worker, call, model));
  if (call.stage === 'over') steps.push(...ofOver(state, worker, call, model));
  const isAsking = call.stage === 'sent' || call.stage === 'done';
  if (isAsking && call.leased.kind !== 'release' && isUnwanted(state) && call.message) {
    steps.push({ label: `w${worker} breaks its call off`, isCalm: true, to: unanswered(state, worker, call, model) });
  }
  const isForgettable = (call.stage === 'leased' || call.stage === 'over') && state.budget.drops > 0;
  if (isForgettable) {
    const rest = (state.workers[worker]?.calls ?? []).filter((each) => each !== call);
    steps.push({
      label: `w${worker} cannot store its outcome`,
      isCalm: false,
      to: withCalls(spend(state, 'drops'), worker, rest),
    });
  }
  return steps;
}

/** What the product does with the calls of a process that stands still. */
export function stepsOfPaused(state: State, worker: number, call: HeldCall, model: Model): readonly Step[] {
  return call.stage === 'sent' && call.message ? [done(state, worker, call, call.message, model)] : [];
}
