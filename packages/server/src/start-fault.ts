import { OperatorFault } from './errors.ts';

const OF_THE_SYSTEM: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Something listens there already. Stop it, or choose another port with INTERDICT_PORT, INTERDICT_TLS_PORT.',
  EADDRNOTAVAIL: 'This machine has no such address.',
  EACCES: 'This user may not.',
  EPERM: 'This user may not.',
  EROFS: 'It cannot be written to.',
  ENOSPC: 'The disk is full.',
  insufficientStorage: 'Make room on it, and start again.',
};

const isOperators = (error: Error): boolean =>
  // A thread's errors come over as data: their names tell what they were.
  error instanceof OperatorFault || ['OperatorFault', 'FileFault', 'UnusableFile'].includes(error.name);

/** What a failed start prints: a sentence for what the operator can mend, everything for a bug. */
export function toStartFault(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (isOperators(error)) return error.message;
  const words = OF_THE_SYSTEM[String((error as NodeJS.ErrnoException).code)];
  return words === undefined ? error : `${error.message}. ${words}`;
}
