import { ANSWER_SCHEMAS } from './bodies/answer-schemas.ts';
import { BATCH } from './bodies/batch-schemas.ts';
import { CANCEL, REFERENCE, SECURITY_ACTION } from './bodies/body-schema.ts';
import { SUBSCRIPTION, SUBSCRIPTION_RENEWAL } from './bodies/read-subscription.ts';
import type { Route } from './route.ts';

const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

const json = (schema: object, example?: unknown): object => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
});

const BODY_SCHEMAS = {
  securityActionInput: SECURITY_ACTION,
  cancel: CANCEL,
  batch: BATCH,
  subscriptionInput: SUBSCRIPTION,
  subscriptionRenewal: SUBSCRIPTION_RENEWAL,
  securityActionOrReference: { anyOf: [ref('securityActionInput'), REFERENCE] },
};

/** Microsoft Graph's own documented request. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  securityActionInput: {
    name: 'BlockIp',
    actionReason: 'Test',
    parameters: [{ name: 'IP', value: '203.0.113.9' }],
    vendorInformation: { provider: 'blocklist' },
  },
  cancel: { reason: 'It was the wrong address.' },
  batch: { requests: [{ id: '1', method: 'GET', url: '/security/securityActions' }] },
  subscriptionInput: {
    changeType: 'created,updated',
    notificationUrl: 'https://hooks.example/interdict',
    resource: "security/securityActions?$filter=status eq 'Failed'",
    expirationDateTime: '2026-12-20T11:00:00Z',
    clientState: 'a secret of yours',
  },
  subscriptionRenewal: { expirationDateTime: '2026-12-20T11:00:00Z' },
};

/** What any route that asks for a token, or for a body, may answer too. */
function refusals({ permission, method }: Route): Record<string, string> {
  const anyone: Record<string, string> = { 400: 'The request is wrong; the message says where.' };
  const callers = { 401: 'There is no valid token.', 403: 'The token does not permit it.' };
  return {
    ...anyone,
    ...(permission !== 'anyone' && callers),
    ...(method === 'POST' && { 413: 'The body is too large.', 415: 'The body is no JSON.' }),
    406: 'The answer is not what Accept takes.',
  };
}

function successContent(route: Route): object {
  if (route.about.gives !== undefined) return { content: json(ref(route.about.gives)) };
  const { content } = route.about;
  if (content) return { content: Object.fromEntries(content.map((type) => [type, {}])) };
  if (route.offers === 'application/json') return {};
  const type = route.offers === 'feed' ? 'text/plain' : route.offers;
  return { content: { [type]: { schema: { type: 'string' } } } };
}

function responses(route: Route): object {
  const { answers } = route.about;
  const [first] = Object.keys(answers);
  const told = { ...refusals(route), ...answers };
  return Object.fromEntries(
    Object.entries(told).map(([status, description]) => {
      const isError = Number(status) >= 400;
      const content = isError ? { content: json(ref('error')) } : status === first ? successContent(route) : {};
      return [status, { description, ...content }];
    }),
  );
}

const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'Id, or name of a provider.',
  deliveryId: 'Id of a delivery of the log.',
  provider: 'Name of a blocklist provider.',
  asset: 'Name of a file.',
  file: 'ip, domain, url or hash, with .txt or .json behind it.',
};

const QUERY: Readonly<Record<string, object>> = {
  $top: { type: 'integer', minimum: 1, maximum: 1_000, default: 100, description: 'Size of a page.' },
  $format: { type: 'string', description: 'xml or json; stands above Accept.' },
  $count: { type: 'boolean', description: 'Give the total count too.' },
  $filter: { type: 'string', description: "Which ones, as in status eq 'Running'. docs/query.md has the language." },
  $orderby: { type: 'string', description: 'Properties with asc or desc, as in createdDateTime desc.' },
  $search: { type: 'string', description: 'Words, "phrases", OR, NOT.' },
  $select: { type: 'string', description: 'Properties to give, as in id,status,enforcement/state.' },
  $skip: { type: 'integer', minimum: 0, description: 'How many to leave out first.' },
  $skiptoken: { type: 'string', description: 'From a nextLink, as it stands.' },
  $deltatoken: {
    type: 'string',
    description: 'From a deltaLink, as it stands; latest: only what changes from now on.',
  },
};

function parameters({ path, about }: Route): object[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETERS[name],
    schema: { type: 'string' },
  }));
  const inQuery = (about.query ?? []).map((name) => ({ name, in: 'query', schema: QUERY[name] }));
  return [...inPath, ...inQuery];
}

function securityOf({ permission }: Route): object[] {
  if (permission === 'anyone') return [];
  return permission === 'feed' ? [{ feedKey: [] }, { bearer: [] }] : [{ bearer: [] }];
}

const NEEDS: Readonly<Record<string, string>> = {
  feed: 'a feed key, or SecurityActions.Read.All',
  caller: 'a token, and each request in it for its own permission',
};

function operation(route: Route): object {
  const { about, permission } = route;
  const body = about.body;
  const given = parameters(route);
  return {
    operationId: route.handle.name,
    summary: about.summary,
    tags: [/^\/(security|subscriptions)/.test(route.path) ? 'security' : 'server'],
    ...(permission !== 'anyone' && {
      description: `Asks for ${NEEDS[permission] ?? permission}.`,
    }),
    security: securityOf(route),
    ...(given.length > 0 && { parameters: given }),
    ...(body && { requestBody: { required: body !== 'cancel', content: json(ref(body), EXAMPLES[body]) } }),
    responses: responses(route),
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
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'From a configured issuer.' },
        feedKey: { type: 'http', scheme: 'basic', description: 'A feed key as password; the user name is ignored.' },
      },
    },
  };
}
