import { Refusal } from '../errors.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';

/** An operation that the contract has and this version has not: refused by name, after the same checks as any other. */
export async function notYet(_app: App, { method, path }: Exchange): Promise<Answer> {
  const operation = `${method === 'HEAD' ? 'GET' : method} ${path}`;
  throw new Refusal('notImplemented', `${operation} is not in this version.`, { inner: 'notSupported' });
}
