import { Refusal } from '../../errors.ts';

/** 400 `invalidParameter` at `path`. */
export const invalidParameter = (path: string, message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidParameter', target: path });
