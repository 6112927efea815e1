import { setTimeout as delay } from 'node:timers/promises';
import { type Place, POLICIES, type RpzConfig } from './config.ts';
import { askResolver, placeText } from './exchange.ts';
import type { Entry } from './names.ts';
import { type State, versionName } from './state.ts';
import { OPCODE, type Outgoing, rcodeOf, readAnswers, TYPE } from './wire.ts';

const ask = (name: string, type: number): Outgoing => ({
  opcode: OPCODE.query,
  isRecursionDesired: true,
  question: { name, type },
});

/** BIND goes by a change within a millisecond or two, a secondary that is notified a little later. */
const PAUSES_MS = [0, 5, 20, 60];
/** For a question that is seldom asked. */
export const PATIENT_MS: readonly number[] = [...PAUSES_MS, 200, 500, 1_000, 2_000];
const LONGEST_NAME = 253;

/** Whether a resolver answers from the zone as of this version: the name is new with it, and nowhere else. */
async function hasVersion(place: Place, version: string, signal: AbortSignal): Promise<boolean> {
  const [answer] = await askResolver(place, [ask(versionName(version), TYPE.TXT)], signal);
  return answer !== undefined && readAnswers(answer).some(({ strings }) => strings?.[0] === version);
}

/** The resolver that does not yet go by this version; undefined: all do. @throws {DnsFailure} */
export async function findBehind(
  { resolvers }: RpzConfig,
  version: string | undefined,
  signal: AbortSignal,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<string | undefined> {
  if (version === undefined) return undefined;
  for (const place of resolvers) {
    let isThere = false;
    for (const pauseMs of pausesMs) {
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      isThere = await hasVersion(place, version, signal);
      if (isThere) break;
    }
    if (!isThere) return placeText(place);
  }
  return undefined;
}

interface Candidate {
  readonly entry: Entry;
  readonly state: State;
}

/** Names that a client must not get. Addresses and silent policies cannot be asked for. */
function questionsFor({ entry, state }: Candidate): readonly { readonly message: Outgoing; readonly rcode: number }[] {
  if (entry.target.kind !== 'domain') return [];
  const { value } = entry.target;
  return [value, `zz--interdict.${value}`].flatMap((name, index) => {
    const policy = state.names[index];
    if (policy === POLICIES.drop || name.length > LONGEST_NAME) return [];
    return [{ message: ask(name, TYPE.A), rcode: policy === POLICIES.nxdomain ? 3 : 0 }];
  });
}

/** Which of them a client of every resolver runs into. @throws {DnsFailure} */
export async function findEnforced(
  { resolvers }: RpzConfig,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<ReadonlySet<Entry>> {
  const enforced = new Set(candidates.map(({ entry }) => entry));
  const questions = candidates.flatMap((candidate) =>
    questionsFor(candidate).map((each) => ({ ...each, entry: candidate.entry })),
  );
  for (const place of resolvers) {
    const answers = await askResolver(
      place,
      questions.map(({ message }) => message),
      signal,
    );
    for (const [index, { entry, rcode }] of questions.entries()) {
      const answer = answers[index];
      if (!answer || rcodeOf(answer) !== rcode || readAnswers(answer).length > 0) enforced.delete(entry);
    }
  }
  return enforced;
}
