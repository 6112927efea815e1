import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';

/** An operation that the contract has and this version has not: refused by name, after the same checks as any other. */
export async function notYet(_app: App, { method, path }: Exchange): Promise<Answer> {
  const operation = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  throw new Refusal('notImplemented', `${operation} is not in this version.`, { inner: 'notSupported' });
}

const PREFERENCES = /(?:^|[,;\s])(return\s*=\s*"?(?:minimal|representation)|(?:odata\.)?maxpagesize(?=\s*=))/i;

/**
 * Headers that the contract has and this version has not. What is ignored would read as if it had been done.
 * @throws {Refusal} notSupported
 */
export function refuseLaterHeaders(headers: Exchange['headers']): void {
  if (headers['if-match'] !== undefined) {
    const message = 'This version cannot make a change depend on "If-Match". Leave it out.';
    throw new Refusal('notImplemented', message, { inner: 'notSupported', target: 'If-Match' });
  }
  if (headers.prefer === undefined) return;
  const preference = PREFERENCES.exec([headers.prefer].flat().join(','))?.[1];
  if (preference === undefined) return;
  throw new Refusal('notImplemented', `This version does not know the preference "${preference}". Leave it out.`, {
    inner: 'notSupported',
    target: 'Prefer',
  });
}
