import type { Answer, Presence } from '../connector.ts';
import { toMessage } from '../http/message.ts';
import { NotDurable } from './block-list.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'what should be its folder is a file',
  EISDIR: 'a folder stands in its place',
  EACCES: 'the user of Interdict may not; give it the folder',
  EPERM: 'the user of Interdict may not; give it the folder',
  EROFS: 'its file system takes no writes',
  ENOSPC: 'its disk is full',
};

export const DONE: Answer = { kind: 'done', level: 'accepted' };

export const GIVEN_UP: Answer = { kind: 'unavailable', message: 'The call was given up before anything was written.' };

/** A sentence of what is wrong with the list. */
export function describeListError(file: string, error: NodeJS.ErrnoException): string {
  const code = error.code ?? error.name;
  return toMessage(`The list ${file} cannot be read or written: ${HINTS[code] ?? error.message} (${code}).`);
}

export function toAnswer(file: string, error: Error): Answer {
  const message = describeListError(file, error);
  if (error instanceof NotDurable) return { kind: 'unknown', message };
  return { kind: 'unavailable', message, fault: 'ours' };
}

export const toUnknown = (file: string, error: Error): Presence => ({
  kind: 'unknown',
  message: describeListError(file, error),
  fault: 'ours',
});
