import type { Terms } from '../../packages/server/src/dispatch/terms.ts';
import type { Budget, Fault, Scenario } from './state.ts';

const NOTHING: Budget = {
  crashes: 0,
  pauses: 0,
  gaps: 0,
  drops: 0,
  lost: 0,
  refused: 0,
  unavailable: 0,
  pending: 0,
  strangers: 0,
  cancels: 1,
  creates: 0,
};

/** Read back, set-like, tells no time. */
const READ_BACK: Terms = {
  provider: 'edge',
  probes: true,
  seesForeign: false,
  keepsTime: false,
  repeats: true,
  verification: 'readBack',
  latenessMs: 30_000,
  timeoutMs: 10_000,
  deadlineMs: 3_600_000,
  verifyEveryMs: null,
  lists: false,
  irreversible: [],
};

const ANSWERS: Partial<Terms> = { probes: false, verification: 'reported' };

type Allowed = Partial<Budget>;

const scenario = (name: string, terms: Partial<Terms>, allowed: Allowed, rest: Partial<Scenario> = {}): Scenario => ({
  name,
  terms: { ...READ_BACK, ...terms },
  idempotence: 'setlike',
  ttlMs: 120_000,
  deadlineMs: 86_400_000,
  budget: { ...NOTHING, ...allowed },
  ...rest,
});

const NATIVE = { idempotence: 'native' } as const;
const ONCE: Partial<Terms> = { ...ANSWERS, repeats: false, verification: 'accepted' };
/** Its deadline comes before its end, and after a first attempt that was lost. */
const SOON_TOO_LATE = { deadlineMs: 60_000 } as const;
const NONE = { idempotence: 'none', ...SOON_TOO_LATE } as const;
const SEES: Partial<Terms> = { seesForeign: true, verifyEveryMs: 60_000 };
const SPARES: Partial<Terms> = { ...SEES, sparesForeign: true };

/** What CI explores, whole. One cancel may come at any moment of each. */
export const SCENARIOS: readonly Scenario[] = [
  scenario('read back; a process dies, an answer is lost', {}, { crashes: 1, lost: 1 }),
  scenario('read back; a process stands still', {}, { pauses: 1 }),
  scenario('only answers; a process stands still', ANSWERS, { pauses: 1 }, NATIVE),
  scenario('only answers; outcomes cannot be stored, an answer is lost', ANSWERS, { drops: 1, lost: 1 }, NATIVE),
  scenario('knows no repeat; a process dies', ONCE, { crashes: 1 }, NONE),
  scenario('knows no repeat; a process stands still', ONCE, { pauses: 1 }, NONE),
  scenario('two actions, the later end is told', { keepsTime: true }, { creates: 1, lost: 1 }),
  scenario(
    'takes its time; an answer is lost',
    { ...ANSWERS, deadlineMs: 60_000 },
    { pending: 1, lost: 1 },
    { ...NATIVE, ttlMs: 40_000 },
  ),
  scenario('refuses, is away; an answer is lost', {}, { refused: 1, unavailable: 1, lost: 1 }),
  scenario('strangers put it there and take it away', SEES, { strangers: 2 }),
  scenario('strangers are spared without a look before; an answer is lost', SPARES, { strangers: 2, lost: 1 }),
  scenario('a process stands still behind its last check, what is there is listed', { lists: true }, { gaps: 1 }),
];

/** What takes minutes, and gigabytes. */
export const LONG_SCENARIOS: readonly Scenario[] = [
  scenario('read back; dies, stands still, an answer is lost', {}, { crashes: 1, pauses: 1, lost: 1 }),
  scenario(
    'only answers; dies, an answer is lost, the deadline comes',
    ANSWERS,
    { crashes: 1, lost: 1 },
    { ...NATIVE, ...SOON_TOO_LATE },
  ),
  scenario('knows no repeat; dies, stands still, an answer is lost', ONCE, { crashes: 1, pauses: 1, lost: 1 }, NONE),
  scenario('two actions; two cancels, an answer is lost', {}, { creates: 1, lost: 1, cancels: 2 }),
  scenario('two actions, only answers', ANSWERS, { creates: 1, lost: 1 }, NATIVE),
  scenario('two actions; a process dies', {}, { creates: 1, crashes: 1 }),
  scenario(
    'takes its time; dies, answers are lost',
    { deadlineMs: 60_000 },
    { pending: 1, crashes: 1, lost: 1 },
    NATIVE,
  ),
  scenario('takes its time twice, only answers', { ...ANSWERS, deadlineMs: 60_000 }, { pending: 2, lost: 1 }, NATIVE),
  scenario('strangers, and an answer is lost', { ...SEES, lists: true }, { strangers: 2, lost: 1 }),
  scenario('stands still behind its last check, an answer is lost', { lists: true }, { gaps: 1, lost: 1 }),
  scenario('time passes in steps of five seconds', {}, { crashes: 1, lost: 1 }, { grainMs: 5_000 }),
];

/** The same with a fault in the wiring: each must be seen to break a promise. */
export const CONTROLS: readonly { readonly fault: Fault; readonly words: string; readonly scenario: Scenario }[] = [
  { fault: 'noFence', words: 'an outcome counts whoever brings it', scenario: scenario('', {}, { pauses: 1 }) },
  {
    fault: 'noSettleWindow',
    words: 'a release does not wait for what may land',
    scenario: scenario('', {}, { lost: 1 }),
  },
  { fault: 'noSettleNoReadBack', words: 'nor is it read back', scenario: scenario('', {}, { lost: 1 }) },
  { fault: 'noReadBack', words: 'a release is not read back', scenario: scenario('', {}, { gaps: 1 }) },
  {
    fault: 'sendBeforeIntent',
    words: 'the intent is written behind the call',
    scenario: scenario('', {}, { crashes: 1 }),
  },
  {
    fault: 'keyPerAttempt',
    words: 'each attempt has a key of its own',
    scenario: scenario('', ANSWERS, { lost: 1 }, NATIVE),
  },
  {
    fault: 'repeatsUnsafely',
    words: 'what knows no repeat is asked again',
    scenario: scenario('', ONCE, { crashes: 1 }, NONE),
  },
  { fault: 'silenceIsDone', words: 'no answer counts as done', scenario: scenario('', ANSWERS, { lost: 1 }, NATIVE) },
  {
    fault: 'staleRowsWritten',
    words: 'actions are written as they were at the lease',
    scenario: scenario('', {}, { pauses: 1 }, SOON_TOO_LATE),
  },
  { fault: 'cancelReadsAtOnce', words: 'a cancel is over before the release', scenario: scenario('', {}, {}) },
  { fault: 'leaseNeverEnds', words: 'leases of the dead stay', scenario: scenario('', {}, { crashes: 1 }) },
  {
    fault: 'lostReleaseForgotten',
    words: 'a release that may still land is forgotten',
    scenario: scenario('', {}, { creates: 1, lost: 1 }),
  },
  {
    fault: 'neverListed',
    words: 'what a sleeper sent is never listed',
    scenario: scenario('', { lists: true }, { gaps: 1 }),
  },
];
