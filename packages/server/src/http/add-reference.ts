import { getAction } from '../actions/read-actions.ts';
import { Refusal } from '../errors.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { REFERENCE, typeCheck } from './bodies/body-schema.ts';
import type { Answer, Exchange } from './exchange.ts';
import { rewritePath } from './rewrite-path.ts';
import { callerOf, postSecurityAction } from './security-actions.ts';

const checkTypes = typeCheck<{ readonly '@odata.id': string }>(REFERENCE);

const refuse = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidProperty', target: '@odata.id' });

const ACTION_PATH = /^\/security\/securityactions\/([^/?#$][^/?#]*)\/?$/i;

const isHere = (url: URL | null, base: string): boolean =>
  url?.origin === new URL(base).origin && url.username === '' && url.password === '';

function idOf(reference: string, base: string): string {
  const isAbsolute = /^(?:[a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(reference);
  if (isAbsolute && !isHere(URL.parse(reference, base), base)) {
    throw refuse(`"@odata.id" points to another place. References stay on this server, ${base}.`);
  }
  const path = isAbsolute || reference.startsWith('/') ? reference : `/${reference}`;
  const found = ACTION_PATH.exec(rewritePath(path).url);
  if (!found) throw refuse('"@odata.id" is no URL of a securityAction, as in security/securityActions/{id}.');
  try {
    return decodeURIComponent(found[1] ?? '');
  } catch {
    throw refuse('"@odata.id" has a broken percent escape.');
  }
}

const isObject = (body: unknown): body is object => typeof body === 'object' && body !== null && !Array.isArray(body);

/**
 * `POST …/$ref`, the seed's form: with an entity it creates; with only a reference to an action that is here already,
 * it changes nothing.
 */
export async function postReference(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { body } = exchange;
  const names = isObject(body) ? Object.keys(body) : [];
  if (isObject(body) && names.length === 0) {
    throw new Refusal('badRequest', 'Send a securityAction, or "@odata.id" with the URL of one.', {
      inner: 'missingProperty',
      target: '@odata.id',
    });
  }
  if (!names.includes('@odata.id')) return await postSecurityAction(app, exchange);
  if (names.length > 1) throw refuse('"@odata.id" stands alone: a reference has no other members.');
  const id = idOf(checkTypes(body)['@odata.id'], exchange.base);
  await getAction(app.actions, callerOf(exchange).tenantId, id);
  return { status: 204 };
}
