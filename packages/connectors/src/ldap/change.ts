import { Attribute, Change, ModifyRequest } from 'ldapts';
import type { Answer, Call } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { toAnswer } from './answers.ts';
import type { Dialect, Swap } from './dialect.ts';
import type { Directory } from './directory.ts';
import { Failure } from './failure.ts';
import { Rejection, toRejection } from './rejection.ts';
import { readNote, toNote } from './remembered.ts';
import { type Asked, type Found, findUser, proveNone, type Unclear, type User } from './users.ts';

type Verb = 'apply' | 'release';

/** How often a change is tried where somebody else changes the user at the same time. */
const MOST_TRIES = 3;
const ANSWER_BYTES = 64 * 1024;
/** constraintViolation: slapd's word for a second value, and a directory's for a value that it never takes. */
const SECOND_VALUE = 19;
const DONE: Answer = { kind: 'done', level: 'reported' };

const changeOf = (operation: 'add' | 'delete', type: string, value: string | undefined): readonly Change[] =>
  value === undefined ? [] : [new Change({ operation, modification: new Attribute({ type, values: [value] }) })];

/** Takes the value that was read out as it puts the new one in: where it has changed meanwhile, neither is done. */
async function write(
  directory: Directory,
  { attribute, controls }: Dialect,
  { dn }: User,
  { from, to }: Swap,
  signal: AbortSignal,
): Promise<Rejection | undefined> {
  const changes = [...changeOf('delete', attribute, from), ...changeOf('add', attribute, to)];
  const request = (messageId: number) => new ModifyRequest({ messageId, dn, changes, controls: controls() });
  const result = await (await directory.connect(signal)).ask(request, signal, ANSWER_BYTES);
  return result.code === 0 ? undefined : toRejection(directory.config, result, 'modify');
}

/** Whom a call means: who was looked at before, or whoever is called so. */
export const askedFor = ({ target, note }: Call): Asked => ({ name: target.value, id: readNote(note).id });

/** What breaks off in the look has certainly changed nothing. */
async function look(directory: Directory, dialect: Dialect, call: Call, signal: AbortSignal): Promise<Found> {
  try {
    return await findUser(directory, dialect, askedFor(call), signal);
  } catch (error) {
    if (error instanceof Failure && error.wasSent) throw new Failure(`Nothing was changed: ${error.message}.`);
    throw error;
  }
}

function unfound({ kind, message }: Unclear, verb: Verb): Answer {
  // That he is free, or can be disabled no more, nobody has seen.
  if (kind === 'gone') return { kind: 'unavailable', message: toMessage(message), fault: 'ours' };
  if (verb === 'apply') return { kind: 'refused', message: toMessage(message) };
  if (kind !== 'several') return DONE;
  return { kind: 'unavailable', message: toMessage(`${message} Which of them is to be enabled cannot be told.`) };
}

const planOf = (dialect: Dialect, verb: Verb, value: string | undefined, call: Call): Swap | undefined =>
  verb === 'apply' ? dialect.toDisable(value, call, new Date()) : dialect.toEnable(value, readNote(call.note).was);

/** What is to be kept of a user as he is now; undefined: what is kept is right. */
export function noteOf(dialect: Dialect, { id, value }: User, call: Call): string | undefined {
  const note = toNote({ id, was: dialect.kept(value, readNote(call.note).was) });
  return note === call.note ? undefined : note;
}

/** One look, and one write where it is needed. */
async function tryChange(
  directory: Directory,
  dialect: Dialect,
  verb: Verb,
  call: Call,
  signal: AbortSignal,
): Promise<Answer | Rejection> {
  const found = await look(directory, dialect, call, signal);
  if (found.kind !== 'one') return unfound(found, verb);
  const { user } = found;
  const swap = planOf(dialect, verb, user.value, call);
  if (!swap && verb === 'release' && user.value === undefined) await proveNone(directory, dialect, user, signal);
  const rejection = swap && (await write(directory, dialect, user, swap, signal));
  if (rejection) return rejection;
  const note = verb === 'apply' ? noteOf(dialect, user, call) : undefined;
  return { ...DONE, ...(note !== undefined && { note }) };
}

const isWorthALook = ({ sense, code }: Rejection): boolean => sense === 'moved' || code === SECOND_VALUE;

/** Reads the user and writes what makes the effect so; a user who is already so is left alone. */
export async function changeUser(
  directory: Directory,
  dialect: Dialect,
  verb: Verb,
  call: Call,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryChange(directory, dialect, verb, call, signal);
      if (!(outcome instanceof Rejection)) return outcome;
      if (tries === MOST_TRIES || !isWorthALook(outcome)) throw outcome;
    }
  } catch (error) {
    return toAnswer(error, verb);
  }
}
