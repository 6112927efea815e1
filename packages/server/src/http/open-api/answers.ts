import { ERROR_EXAMPLES } from '../examples/errors.ts';
import { OPERATION_EXAMPLES } from '../examples/operations.ts';
import { loadKindOf } from '../load.ts';
import type { Route } from '../route.ts';
import { isThrottled } from '../throttle.ts';
import { answerHeaders } from './answer-headers.ts';
import { schemaRef } from './schema-ref.ts';

const JSON_TYPE = 'application/json';

/** What a route may answer because of who asks, or of what its body is like. */
function refusals(route: Route): Record<string, string> {
  const { permission, method, isRelease } = route;
  const callers = { 401: 'There is no valid token.', 403: 'The token does not permit it.' };
  const mayBeTooMany = permission !== 'anyone' && (isThrottled(route) || loadKindOf(route) !== undefined);
  return {
    400: 'The request is wrong; the message says where.',
    ...(permission !== 'anyone' && callers),
    ...(permission !== 'anyone' && { 503: 'The server cannot do its work at present.' }),
    ...((method === 'POST' || method === 'PATCH') && {
      413: 'The body is too large.',
      415: 'The body is no JSON.',
    }),
    ...(mayBeTooMany && {
      429: 'The application has sent too many requests, or its tenant asks for more than its share.',
    }),
    ...(!isRelease && { 406: 'The answer is not what Accept takes.' }),
  };
}

/** Media types of the first success; none where it has no body. */
function typesOf({ about, offers }: Route): readonly string[] {
  if (about.content) return about.content;
  if (about.gives !== undefined) return [JSON_TYPE];
  return offers.startsWith('text/') ? [offers] : [];
}

function schemaOf(type: string, gives: string | undefined): object {
  if (type === JSON_TYPE) return gives === undefined ? { type: 'object' } : schemaRef(gives);
  return type.startsWith('image/') ? {} : { type: 'string' };
}

function successContent(route: Route): object {
  const { answers = {} } = OPERATION_EXAMPLES[route.handle.name] ?? {};
  const types = typesOf(route);
  if (types.length === 0) return {};
  const content = types.map((type) => [
    type,
    { schema: schemaOf(type, route.about.gives), ...(answers[type] && { examples: { example: answers[type] } }) },
  ]);
  return { content: Object.fromEntries(content) };
}

const errorContent = (status: string): object => ({
  content: {
    [JSON_TYPE]: { schema: schemaRef('error'), examples: { error: { $ref: `#/components/examples/error${status}` } } },
  },
});

/** Every answer of a route, by its status. */
export function answersOf(route: Route): object {
  const { answers } = route.about;
  const [first] = Object.keys(answers);
  const told = { ...refusals(route), ...answers };
  return Object.fromEntries(
    Object.entries(told).map(([status, description]) => {
      const success = status === first ? successContent(route) : {};
      const content = Number(status) >= 400 ? errorContent(status) : success;
      return [status, { description, headers: answerHeaders(route.handle.name, status), ...content }];
    }),
  );
}

export const ERRORS_BY_STATUS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(ERROR_EXAMPLES).map(([status, example]) => [`error${status}`, example]),
);
