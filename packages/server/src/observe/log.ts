import { type Logger, pino } from 'pino';

export type Log = Logger;

/** What a fault of another's code may carry along, at the top and two levels below. */
const SECRETS = ['authorization', 'password', 'secret', 'token', 'key'].flatMap((name) =>
  ['', '*.', '*.*.'].map((above) => `${above}${name}`),
);

/** Structured lines on standard output. Bodies, tokens and secrets are never handed to it. */
export const createLog = (level: string): Log =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: SECRETS,
  });
