import { ANSWER_SCHEMAS } from './bodies/answer-schemas.ts';
import { BATCH } from './bodies/batch-schemas.ts';
import { CANCEL, DISPATCH_WISH, REFERENCE, SECURITY_ACTION } from './bodies/body-schema.ts';
import { SUBSCRIPTION, SUBSCRIPTION_RENEWAL } from './bodies/read-subscription.ts';
import { WORK_SCHEMAS } from './bodies/work-schemas.ts';
import { OPERATION_EXAMPLES } from './examples/operations.ts';
import { ANSWER_HEADERS } from './open-api/answer-headers.ts';
import { answersOf, ERRORS_BY_STATUS } from './open-api/answers.ts';
import { parametersOf } from './open-api/parameters.ts';
import { HEADER_PARAMETERS } from './open-api/request-headers.ts';
import { schemaRef } from './open-api/schema-ref.ts';
import type { Route } from './route.ts';

const BODY_SCHEMAS = {
  securityActionInput: SECURITY_ACTION,
  cancel: CANCEL,
  dispatchWish: DISPATCH_WISH,
  ...WORK_SCHEMAS,
  batch: BATCH,
  subscriptionInput: SUBSCRIPTION,
  subscriptionRenewal: SUBSCRIPTION_RENEWAL,
  securityActionOrReference: { anyOf: [schemaRef('securityActionInput'), REFERENCE] },
};

function securityOf({ permission }: Route): object[] {
  if (permission === 'anyone') return [];
  if (permission === 'bouncer') return [{ bouncerKey: [] }];
  return permission === 'feed' ? [{ feedKey: [] }, { bearer: [] }] : [{ bearer: [] }];
}

const NEEDS: Readonly<Record<string, string>> = {
  feed: 'a feed key, or SecurityActions.Read.All',
  bouncer: 'a feed key, in a header of its own',
  caller: 'a token, and each request in it for its own permission',
};

function requestBody(operationId: string, body: string): object {
  const examples = OPERATION_EXAMPLES[operationId]?.requests;
  return {
    required: body !== 'cancel',
    content: { 'application/json': { schema: schemaRef(body), ...(examples && { examples }) } },
  };
}

function operation(route: Route): object {
  const { about, permission } = route;
  const body = about.body;
  return {
    operationId: route.handle.name,
    summary: about.summary,
    tags: [/^\/(security|subscriptions)/.test(route.path) ? 'security' : 'server'],
    ...(permission !== 'anyone' && {
      description: `Asks for ${NEEDS[permission] ?? permission}.`,
    }),
    security: securityOf(route),
    parameters: parametersOf(route),
    ...(body && { requestBody: requestBody(route.handle.name, body) }),
    responses: answersOf(route),
  };
}

/** Where clients of Graph look for it. */
const versioned = (path: string): string =>
  /^\/(?:security|subscriptions|\$batch)/.test(path) ? `/beta${path}` : path;

function paths(routes: readonly Route[]): object {
  const byPath = Map.groupBy(routes, ({ path }) => versioned(path).replace(/:(\w+)/g, '{$1}'));
  return Object.fromEntries(
    [...byPath].map(([path, operations]) => [
      path,
      Object.fromEntries(operations.map((route) => [route.method.toLowerCase(), operation(route)])),
    ]),
  );
}

/**
 * The API, described from the route table itself: it cannot differ.
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function describeApi(routes: readonly Route[], version: string): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Interdict',
      version,
      description: 'Microsoft Graph securityActions, alive and self-hosted. /beta can be /v1.0 too.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'security', description: 'What clients of Microsoft Graph know, and what it lacked.' },
      { name: 'server', description: 'Lists for firewalls, and the server itself.' },
    ],
    paths: paths(routes),
    components: {
      schemas: { ...BODY_SCHEMAS, ...ANSWER_SCHEMAS },
      examples: ERRORS_BY_STATUS,
      parameters: HEADER_PARAMETERS,
      headers: ANSWER_HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'From a configured issuer.' },
        feedKey: { type: 'http', scheme: 'basic', description: 'A feed key as password; the user name is ignored.' },
        bouncerKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Api-Key',
          description: "A feed key, as CrowdSec's bouncers send it.",
        },
      },
    },
  };
}
