import { type Target, targetText } from '@interdict/contract';

/** How the simulated product deals with one target. */
export interface Manner {
  /** How long it thinks before it answers, and does what it does. */
  readonly answersAfterMs: number;
  /** How long after its answer the entry is in force. */
  readonly takesMs: number;
  /** How long after that the entry is gone by itself. */
  readonly losesAfterMs: number;
  /** How many applies it turns away first, because there are too many. */
  readonly throttles: number;
  readonly kind: 'obeys' | 'refuses' | 'neverAnswers' | 'onlySaysSo';
}

const MOST_ANSWER_MS = 50;

const WELL_BEHAVED: Manner = {
  answersAfterMs: 20,
  takesMs: 0,
  losesAfterMs: Number.POSITIVE_INFINITY,
  throttles: 0,
  kind: 'obeys',
};

const BY_TARGET: Readonly<Record<string, Partial<Manner>>> = {
  'ip:203.0.113.1': { answersAfterMs: 0 },
  'ip:203.0.113.2': { takesMs: 5_000 },
  'ip:203.0.113.3': { throttles: 2 },
  'ip:203.0.113.4': { kind: 'refuses' },
  'ip:203.0.113.5': { kind: 'neverAnswers' },
  'ip:203.0.113.6': { kind: 'onlySaysSo' },
  'ip:203.0.113.7': { losesAfterMs: 10_000 },
};

/** The same target always takes the same time, within 50 ms. */
function toAnswerMs(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0) ?? 0;
  return sum % MOST_ANSWER_MS;
}

export function mannerOf(target: Target): Manner {
  const text = targetText(target);
  const special = Object.hasOwn(BY_TARGET, text) ? BY_TARGET[text] : { answersAfterMs: toAnswerMs(text) };
  return { ...WELL_BEHAVED, ...special };
}
