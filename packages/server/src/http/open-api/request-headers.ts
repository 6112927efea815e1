import type { Route } from '../route.ts';

const header = (description: string, example: string, rest: object = { type: 'string' }): object => ({
  in: 'header',
  description,
  schema: rest,
  example,
});

/** Headers that count, by the name of their component. What OpenAPI says elsewhere (Accept, a token) is not here. */
const HEADERS = {
  'client-request-id': header(
    "The client's own id of a request: stands in the answer.",
    '8e03978e-40d5-43dd-bc93-6894a57f9324',
  ),
  'If-Match': header('Only where it still has this ETag, or * for any.', '*'),
  'If-None-Match': header('Only where it has another ETag by now.', 'W/"7"'),
  Prefer: header('return=minimal: no body; return=representation: the whole.', 'return=minimal'),
  'Prefer-maxpagesize': header('Size of a page, where it is smaller than $top.', 'odata.maxpagesize=50'),
  'Idempotency-Key': header(
    'The same request under the same key is carried out once. docs/api.md, Repeats.',
    '8e03978e-40d5-43dd-bc93-6894a57f9324',
    { type: 'string', minLength: 1, maxLength: 255 },
  ),
  'Repeatability-Request-ID': header(
    'As Idempotency-Key, in the form of OData; goes with Repeatability-First-Sent.',
    '8e03978e-40d5-43dd-bc93-6894a57f9324',
    { type: 'string', minLength: 1, maxLength: 255 },
  ),
  'Repeatability-First-Sent': header(
    'When the first of the requests was sent: an HTTP date of the last 7 days.',
    'Tue, 24 Nov 2026 20:00:00 GMT',
  ),
  'Retry-Attempt': header('How often this request was sent before, where it has no key. docs/api.md, Repeats.', '1', {
    type: 'string',
    pattern: '^\\d{1,9}(, ?\\d{1,9})*$',
  }),
  'Last-Event-ID': header('Id of the last event that the client saw.', '5', { type: 'string', pattern: '^\\d{1,15}$' }),
};

type HeaderName = keyof typeof HEADERS;

const REPEATS: readonly HeaderName[] = [
  'Idempotency-Key',
  'Repeatability-Request-ID',
  'Repeatability-First-Sent',
  'Retry-Attempt',
];

/** By `operationId`: those that one route heeds and others do not. */
const OF_OPERATION: Readonly<Record<string, readonly HeaderName[]>> = {
  postSecurityAction: ['Prefer', ...REPEATS],
  postReference: ['Prefer', ...REPEATS],
  listSecurityActions: ['Prefer-maxpagesize'],
  getSecurityActionDelta: ['Prefer-maxpagesize'],
  streamSecurityActions: ['Last-Event-ID'],
  getSecurityAction: ['If-Match', 'If-None-Match'],
  updateSecurityAction: ['If-Match', 'If-None-Match', 'Prefer'],
  deleteSecurityAction: ['If-Match', 'If-None-Match'],
  getFeed: ['If-None-Match'],
  getDocsAsset: ['If-None-Match'],
};

export const headersOf = ({ handle }: Route): readonly HeaderName[] => [
  ...(OF_OPERATION[handle.name] ?? []),
  'client-request-id',
];

const nameOf = (component: string): string => component.replace('-maxpagesize', '');

export const HEADER_PARAMETERS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(HEADERS).map(([component, rest]) => [component, { name: nameOf(component), ...rest }]),
);
