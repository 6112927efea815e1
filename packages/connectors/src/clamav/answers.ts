import type { Answer, Presence } from '../connector.ts';
import type { ClamavError } from './clamd.ts';

/** clamd has found the canary of the file that was written. */
export const DONE: Answer = { kind: 'done', level: 'reported' };

export const LEFT: Answer = { kind: 'unknown', message: 'The call was ended before clamd had loaded the list.' };

export const GIVEN_UP: Answer = { kind: 'unavailable', message: 'The call was given up before anything was done.' };

/** What stops clamd from loading the folder is in its log alone. */
export const notLoaded = (folder: string): string =>
  `clamd has not loaded the list in ${folder}: its log says why, as a bad file there, another DatabaseDirectory, or that it may not read it.`;

const AGAIN_MS = 1_000;

/** The list is written, and clamd will load it as soon as it can. */
export const stillLoading = (folder: string): Answer & Presence => ({
  kind: 'pending',
  message: notLoaded(folder),
  againMs: AGAIN_MS,
});

/** `isWritten`: the list on the disk is the one that the call wanted, so that clamd may load it at any time. */
export function toAnswer({ kind, message, isOurs }: ClamavError, isWritten: boolean): Answer {
  if (kind === 'lost' || isWritten) return { kind: 'unknown', message };
  return { kind: 'unavailable', message, ...(isOurs && { fault: 'ours' as const }) };
}

export const toUnknown = ({ message, isOurs }: ClamavError): Presence => ({
  kind: 'unknown',
  message,
  ...(isOurs && { fault: 'ours' as const }),
});
