import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Structured lines on standard output. Bodies, tokens and secrets are never handed to it. */
export const createLog = (level: string): Log =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['*.authorization', '*.password', '*.secret', '*.token', '*.key'],
  });
