import { ACTION_ID, DELIVERY_ID, SUBSCRIPTION_ID } from '../examples/values.ts';
import type { Route } from '../route.ts';
import { headersOf } from './request-headers.ts';

interface InPath {
  readonly description: string;
  readonly example: string;
}

const IN_PATH: Readonly<Record<string, InPath>> = {
  deliveryId: { description: 'Id of a delivery of the log.', example: DELIVERY_ID },
  provider: { description: 'Name of a blocklist provider.', example: 'blocklist' },
  asset: { description: 'Name of a file.', example: 'initializer.js' },
  file: { description: 'ip, domain, url or hash, with .txt or .json behind it.', example: 'ip.txt' },
};

/** By the segment before `:id`. */
const IDS: Readonly<Record<string, InPath>> = {
  securityActions: { description: 'Id of a securityAction.', example: ACTION_ID },
  securityActionProviders: { description: 'Name of a provider.', example: 'blocklist' },
  subscriptions: { description: 'Id of a subscription.', example: SUBSCRIPTION_ID },
};

interface InQuery {
  readonly description: string;
  readonly schema: object;
  readonly example?: unknown;
}

const text = { type: 'string' };

const QUERY: Readonly<Record<string, InQuery>> = {
  $top: { description: 'Size of a page.', schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 } },
  $count: { description: 'Give the total count too.', schema: { type: 'boolean' } },
  $filter: {
    description: 'Which ones. docs/query.md has the language.',
    schema: text,
    example: "status eq 'Completed'",
  },
  $orderby: { description: 'Properties, each with asc or desc.', schema: text, example: 'createdDateTime desc' },
  $search: { description: 'Words, "phrases", OR, NOT.', schema: text, example: 'C2' },
  $select: { description: 'Properties to give.', schema: text, example: 'id,status,enforcement/state' },
  $skip: { description: 'How many to leave out first.', schema: { type: 'integer', minimum: 0 } },
  $skiptoken: { description: 'From a nextLink, as it stands.', schema: text },
  startup: { description: 'The bouncer has just begun: give everything.', schema: { type: 'boolean', default: false } },
  ip: { description: 'An address: decisions that are about it.', schema: text, example: '203.0.113.9' },
  range: { description: 'A network: decisions that cover it.', schema: text, example: '203.0.113.0/24' },
  value: { description: 'What a decision is about, letter by letter.', schema: text },
  type: { description: 'There is ban alone.', schema: text, example: 'ban' },
  scopes: { description: 'ip, range, or both with a comma.', schema: text, example: 'ip,range' },
  origins: { description: 'There is interdict alone.', schema: text, example: 'interdict' },
  $deltatoken: {
    description: 'From a deltaLink, as it stands; latest: only what changes from now on.',
    schema: text,
    example: 'latest',
  },
};

/** It stands above `Accept`. */
function formatOf({ path, offers, isRelease }: Route): object[] {
  const isMetadata = path === '/$metadata';
  const hasForms = isMetadata || path === '/' || offers === 'application/json';
  if (isRelease || !hasForms) return [];
  const description = isMetadata
    ? 'xml or json; stands above Accept.'
    : 'json, or a media type as in application/json;odata.metadata=full; stands above Accept.';
  return [{ name: '$format', in: 'query', description, schema: text, example: 'json' }];
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/(\w+)?\/:(\w+)/g)].map(([, before = '', name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...(name === 'id' ? IDS[before] : IN_PATH[name]),
    schema: text,
  }));
}

/** What a route understands of its path, query and headers. */
export function parametersOf(route: Route): object[] {
  const inQuery = (route.about.query ?? []).map((name) => ({ name, in: 'query', ...QUERY[name] }));
  const inHeaders = headersOf(route).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...pathParameters(route.path), ...inQuery, ...formatOf(route), ...inHeaders];
}
