import { Attribute, Change, ModifyRequest } from 'ldapts';
import type { Answer, Call } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { toAnswer } from './answers.ts';
import type { Dialect, Swap } from './dialect.ts';
import type { Directory } from './directory.ts';
import { Failure } from './failure.ts';
import { Rejection, toRejection } from './rejection.ts';
import { type Found, findUser, type Unclear, type User } from './users.ts';

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

/** What breaks off in the look has certainly changed nothing. */
async function look(directory: Directory, dialect: Dialect, call: Call, signal: AbortSignal): Promise<Found> {
  try {
    return await findUser(directory, dialect, call.target.value, signal);
  } catch (error) {
    if (error instanceof Failure && error.wasSent) throw new Failure(`Nothing was changed: ${error.message}.`);
    throw error;
  }
}

function unfound({ kind, message }: Unclear, verb: Verb, call: Call): Answer {
  if (verb === 'apply') return { kind: 'refused', message: toMessage(message) };
  // He may have been renamed or moved, or be out of sight: that he is free, nobody has seen.
  if (kind === 'none' && call.note !== undefined) {
    const words = `${message} He was renamed, moved, deleted, or may not be read any more.`;
    return { kind: 'unavailable', message: toMessage(words), fault: 'ours' };
  }
  if (kind !== 'several') return DONE;
  return { kind: 'unavailable', message: toMessage(`${message} Which of them is to be enabled cannot be told.`) };
}

const planOf = (dialect: Dialect, verb: Verb, value: string | undefined, call: Call): Swap | undefined =>
  verb === 'apply' ? dialect.toDisable(value, call, new Date()) : dialect.toEnable(value, call.note);

/** One look, and one write where it is needed. */
async function tryChange(
  directory: Directory,
  dialect: Dialect,
  verb: Verb,
  call: Call,
  signal: AbortSignal,
): Promise<Answer | Rejection> {
  const found = await look(directory, dialect, call, signal);
  if (found.kind !== 'one') return unfound(found, verb, call);
  const { value } = found.user;
  const swap = planOf(dialect, verb, value, call);
  if (!swap) return DONE;
  const rejection = await write(directory, dialect, found.user, swap, signal);
  if (rejection) return rejection;
  const note = verb === 'apply' ? dialect.noteOf(value, call) : undefined;
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
