const header = (description: string, schema: object = { type: 'string' }): object => ({ description, schema });

/** Headers of answers, by name. */
export const ANSWER_HEADERS = {
  'request-id': header('Id of the answer: the log has the same.', { type: 'string', format: 'uuid' }),
  'client-request-id': header("The client's id of the request; without one, the request-id."),
  Location: header('Where it is.', { type: 'string', format: 'uri-reference' }),
  ETag: header('Version of what the answer shows, for If-Match and If-None-Match.'),
  'Retry-After': header('Seconds until the request has a chance.', { type: 'string', pattern: '^\\d+$' }),
  'WWW-Authenticate': header('What the token lacks.'),
  'Preference-Applied': header('The preference that was followed; only where there was one.'),
  'OData-EntityId': header('Where it is, of an answer without it.', { type: 'string', format: 'uri' }),
  'Idempotency-Replayed': header('true where the key has been used before; else it is not there.'),
  'Repeatability-Result': header('accepted; only where Repeatability-Request-ID was sent.'),
  'Interdict-Recorded': header('true where it is only a record of what was done elsewhere; else it is not there.'),
};

type AnswerHeader = keyof typeof ANSWER_HEADERS;

const COMMON: readonly AnswerHeader[] = ['request-id', 'client-request-id'];

/** By status, whatever the route. */
const OF_STATUS: Readonly<Record<string, readonly AnswerHeader[]>> = {
  401: ['WWW-Authenticate'],
  403: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

const CREATED: Readonly<Record<string, readonly AnswerHeader[]>> = {
  201: ['Location', 'ETag', 'Preference-Applied', 'Idempotency-Replayed', 'Repeatability-Result', 'Interdict-Recorded'],
  204: ['Location', 'ETag', 'OData-EntityId', 'Preference-Applied'],
  409: ['Retry-After'],
};

const TAGGED: Readonly<Record<string, readonly AnswerHeader[]>> = { 200: ['ETag'], 304: ['ETag'] };

/** By `operationId` and status. */
const OF_OPERATION: Readonly<Record<string, Readonly<Record<string, readonly AnswerHeader[]>>>> = {
  postSecurityAction: CREATED,
  // Its 204 is another one: nothing was made.
  postReference: { 201: CREATED['201'] ?? [], 409: ['Retry-After'] },
  getSecurityActionDelta: { 410: ['Location'] },
  getSecurityAction: TAGGED,
  updateSecurityAction: { 200: ['ETag', 'Preference-Applied'], 204: ['ETag', 'Preference-Applied'] },
  postSubscription: { 201: ['Location'] },
  getFeed: TAGGED,
  getServiceDocument: { 302: ['Location'] },
  getDocsAsset: TAGGED,
};

/** What an answer with a status says in its header, as references to the components. */
export function answerHeaders(operationId: string, status: string): object {
  const names = [...COMMON, ...(OF_STATUS[status] ?? []), ...(OF_OPERATION[operationId]?.[status] ?? [])];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
