import { inspect } from 'node:util';
import { VERIFICATION_LEVELS } from '@interdict/contract';
import { expect } from 'vitest';
import type { Answer, Call, Connector, Effect, ListedEffect, Presence } from '../connector.ts';

/** All that a connector let be seen of itself. */
export interface Sightings {
  readonly secrets: readonly string[];
  readonly answers: (Answer | Presence | readonly ListedEffect[])[];
  readonly errors: unknown[];
  /** What was asked to be kept with each effect, as the server keeps it. */
  readonly notes: Map<string, string>;
}

const KINDS = {
  answer: ['done', 'pending', 'refused', 'unavailable', 'unknown'],
  presence: ['present', 'absent', 'pending', 'unknown'],
};
/** Controls, and the marks that turn the direction of text. */
const UNPRINTABLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
const LONGEST_MESSAGE = 1_000;

/** What must be true of every answer, whatever the call. */
function checkAnswer(answer: Answer | Presence, kinds: readonly string[], connector: Connector): void {
  expect(kinds).toContain(answer.kind);
  if (answer.kind === 'done') {
    const reached = VERIFICATION_LEVELS.indexOf(answer.level);
    expect(reached, `level ${answer.level}`).toBeGreaterThanOrEqual(0);
    expect(reached).toBeLessThanOrEqual(VERIFICATION_LEVELS.indexOf(connector.traits.verification));
  }
  if ('message' in answer) {
    expect(answer.message.trim(), 'a message says something').not.toBe('');
    expect(answer.message, 'a message is printable').not.toMatch(UNPRINTABLE);
    expect(answer.message.length, 'a message is short').toBeLessThanOrEqual(LONGEST_MESSAGE);
  }
  for (const [name, value] of Object.entries(answer)) {
    if (typeof value === 'number') expect(Number.isFinite(value) && value >= 0, `${name} is ${value}`).toBe(true);
  }
}

async function noting<T extends Answer | Presence | readonly ListedEffect[]>(
  seen: Sightings,
  call: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await call();
    seen.answers.push(answer);
    return answer;
  } catch (error) {
    seen.errors.push(error);
    throw error;
  }
}

const MOST_NOTE = 1_000;
const noteKey = ({ tenantId, action, target }: Effect): string =>
  `${tenantId} ${action} ${target.kind}:${target.value}`;

function withNote({ notes }: Sightings, call: Call): Call {
  const note = notes.get(noteKey(call));
  return note === undefined ? call : Object.freeze({ ...call, note });
}

function keepNote({ notes }: Sightings, call: Call, answer: Answer | Presence): void {
  if (!('note' in answer) || answer.note === undefined) return;
  expect(answer.note.length, 'a note is short').toBeLessThanOrEqual(MOST_NOTE);
  notes.set(noteKey(call), answer.note);
}

/** The same connector; every answer is checked, and kept for {@link expectNoSecret}; notes are kept as the server does. */
export function watch(connector: Connector, seen: Sightings): Connector {
  const answering = async (call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer> => {
    const answer = await noting(seen, () => send(withNote(seen, call)));
    checkAnswer(answer, KINDS.answer, connector);
    keepNote(seen, call, answer);
    return answer;
  };
  const { verify, list } = connector;
  return {
    traits: connector.traits,
    apply: (call, signal) => answering(call, (noted) => connector.apply(noted, signal)),
    release: (call, signal) => answering(call, (noted) => connector.release(noted, signal)),
    ...(verify && {
      verify: async (call, signal) => {
        const presence = await noting(seen, () => verify.call(connector, withNote(seen, call), signal));
        checkAnswer(presence, KINDS.presence, connector);
        keepNote(seen, call, presence);
        return presence;
      },
    }),
    ...(list && { list: (tenantId, signal) => noting(seen, () => list.call(connector, tenantId, signal)) }),
    close: () => connector.close(),
    [inspect.custom]: () => connector,
  } as Connector;
}

/** A secret as it is, and as it might be written. */
function spellings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(secret)];
}

/** Sees that neither the connector nor anything that it answered or threw shows a secret. */
export function expectNoSecret(connector: Connector, seen: Sightings): void {
  const everything = [connector, ...seen.answers, ...seen.errors];
  const text = everything
    .map((thing) => inspect(thing, { depth: 12, showHidden: true, maxStringLength: null }))
    .join('\n');
  const json = JSON.stringify(seen.answers);
  for (const secret of seen.secrets) {
    for (const spelling of spellings(secret)) {
      expect(text.includes(spelling) || json.includes(spelling), 'a secret is to be seen').toBe(false);
    }
  }
}
