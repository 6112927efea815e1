import { postReference } from './add-reference.ts';
import { completeWork, leaseWork, renewWork } from './agent-work.ts';
import { createBatch } from './batch/post-batch.ts';
import { getBouncerDecisions, getDecisionStream, postUsageMetrics } from './bouncer.ts';
import { getSecurityActionProvider, listEnforcementsInForce, listSecurityActionProviders } from './catalogue.ts';
import { listSubscriptionDeliveries, resendSubscriptionDelivery } from './deliveries.ts';
import { getSecurityActionDelta } from './delta.ts';
import { getDispatchState, resumeDispatch, stopDispatch } from './dispatch-state.ts';
import { getDocsAsset, getDocsPage } from './docs/docs-page.ts';
import { getFeed } from './feed.ts';
import { getHealth, getReadiness } from './health.ts';
import { countSecurityActions, listSecurityActions } from './list-actions.ts';
import { getMetadata } from './metadata.ts';
import { notYet } from './not-yet.ts';
import { MAX_DEPTH } from './read-json.ts';
import type { About, Method, Route, RoutePermission } from './route.ts';
import {
  cancelSecurityAction,
  deleteSecurityAction,
  getSecurityAction,
  postSecurityAction,
} from './security-actions.ts';
import { getOpenApi, getServiceDocument } from './service-document.ts';
import { streamSecurityActions } from './stream/stream-actions.ts';
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  patchSubscription,
  postSubscription,
  reauthorizeSubscription,
} from './subscriptions.ts';
import { updateSecurityAction } from './update-security-action.ts';

const READ = 'SecurityActions.Read.All';
const WRITE = 'SecurityActions.ReadWrite.All';
const APPROVE = 'SecurityActions.Approve.All';
const AUDIT = 'SecurityActions.Audit.Read.All';

const ACTIONS = '/security/securityActions';
const ACTION = `${ACTIONS}/:id`;

const route = (
  method: Method,
  path: string,
  permission: RoutePermission,
  handle: Route['handle'],
  about: About,
  rest: Partial<Pick<Route, 'offers' | 'isRelease' | 'isUrgent' | 'isAlone' | 'limits'>> = {},
): Route => ({ method, path, permission, handle, offers: 'application/json', about, ...rest });

/** Three levels lie around the body of a request in it. A cancel may be in it, so no header keeps it from its work. */
const BATCH = { isRelease: true, isAlone: true, limits: { bytes: 1_048_576, depth: MAX_DEPTH + 3 } };
/** Among what an agent does are releases. */
const AGENT = { isRelease: true, isAlone: true };
/** As CrowdSec's local API has them; a bouncer asks for no form. */
const BOUNCER = { offers: 'own', isAlone: true } as const;
const SUBSCRIPTIONS = '/subscriptions';
const SUBSCRIPTION = `${SUBSCRIPTIONS}/:id`;

const NONE = { 404: 'There is no such securityAction.' };
const NO_SUBSCRIPTION = { 404: 'The application has no such subscription.' };

// biome-ignore format: a table reads better in columns
const SERVED: readonly Route[] = [
  route('POST',   ACTIONS,                           WRITE,    postSecurityAction,          { summary: 'Request a securityAction', body: 'securityActionInput', gives: 'securityAction',
                                                                                              answers: { 201: 'It is stored, and will be carried out.', 204: 'The same, without it.', 409: 'The first request under this key is not answered yet.',
                                                                                                         410: "The key's action was deleted.", 422: 'The key was used for another request.' } }),
  route('POST',   `${ACTIONS}/$ref`,                 WRITE,    postReference,               { summary: "Request a securityAction in the seed document's form, or add a reference", body: 'securityActionOrReference',
                                                                                              gives: 'securityAction', answers: { 201: 'It is stored.', 204: 'The reference is to an action that is here; nothing changed. Or the same as 201, without it.',
                                                                                                         404: 'The reference is to nothing here.' } }),
  route('GET',    ACTIONS,                           READ,     listSecurityActions,         { summary: 'List securityActions, newest first', gives: 'securityActionCollection', query: ['$filter', '$orderby', '$search', '$select', '$top', '$skip', '$count', '$skiptoken'],
                                                                                              answers: { 200: 'A page, with a nextLink while there are more.', 410: 'The next page is not kept any more.' } }),
  route('GET',    `${ACTIONS}/$count`,               READ,     countSecurityActions,        { summary: 'Count securityActions', query: ['$filter', '$search'], answers: { 200: 'The number, as text.' } }, { offers: 'text/plain' }),
  route('GET',    `${ACTIONS}/delta`,                READ,     getSecurityActionDelta,      { summary: 'All securityActions, then those that changed', gives: 'securityActionDelta',
                                                                                              query: ['$filter', '$select', '$top', '$skiptoken', '$deltatoken'],
                                                                                              answers: { 200: 'A page, with a nextLink while there are more, else a deltaLink.', 410: 'The link is too old; Location says where to begin anew.' } }),
  route('GET',    `${ACTIONS}/stream`,               READ,     streamSecurityActions,       { summary: 'Changes as they happen, as server-sent events', answers: { 200: 'A stream without end.', 429: 'The app has too many streams.' } }, { offers: 'text/event-stream', isAlone: true }),
  route('GET',    ACTION,                            READ,     getSecurityAction,           { summary: 'Get a securityAction', gives: 'securityAction', query: ['$select'], answers: { 200: 'The securityAction.', 304: 'It is unchanged.', ...NONE } }),
  route('PATCH',  ACTION,                            WRITE,    updateSecurityAction,        { summary: 'Update a securityAction', body: 'securityActionInput', gives: 'securityAction',
                                                                                              answers: { 200: 'The securityAction as it is from then on.', 204: 'The same, without it.', 409: 'Its outcome is final.',
                                                                                                         412: 'It has another ETag.', ...NONE } }),
  route('DELETE', ACTION,                            WRITE,    deleteSecurityAction,        { summary: 'Delete a securityAction that is over, or a record', answers: { 204: 'It is deleted.', 409: 'It is not over.', 412: 'It has another ETag.', ...NONE } }),
  route('POST',   `${ACTION}/cancelSecurityAction`,  WRITE,    cancelSecurityAction,        { summary: 'Cancel a securityAction', body: 'cancel', answers: { 200: 'The wish is committed; the release follows.',
                                                                                                         409: 'There is nothing that could be cancelled.', ...NONE } }, { isRelease: true }),
  route('GET',    '/security/securityActionProviders',     READ, listSecurityActionProviders, { summary: 'List providers and what they can do', gives: 'providerCollection', answers: { 200: 'The catalogue.' } }),
  route('GET',    '/security/securityActionProviders/:id', READ, getSecurityActionProvider,   { summary: 'Get a provider', gives: 'provider', answers: { 200: 'The provider.', 404: 'There is no such provider.' } }),
  route('GET',    '/security/enforcements',          READ,     listEnforcementsInForce,     { summary: 'List what is in force, and which actions want it', gives: 'enforcementCollection', query: ['$top', '$skiptoken'],
                                                                                              answers: { 200: 'A page, with a nextLink while there are more.' } }),
  route('POST',   '/security/stopDispatch',          WRITE,    stopDispatch,                { summary: 'Stop the dispatch: nothing is applied, releases go on', body: 'dispatchWish', answers: { 204: 'No process sends an apply from now on, until a resume.' } }, { isRelease: true }),
  route('POST',   '/security/resumeDispatch',        APPROVE,  resumeDispatch,              { summary: 'End a stop, or a quarantine', body: 'dispatchWish', answers: { 204: 'What waited goes on.' } }, { isUrgent: true }),
  route('GET',    '/security/dispatchState',         READ,     getDispatchState,            { summary: 'What is stopped or quarantined', gives: 'dispatchState', answers: { 200: 'All of it; nothing where all goes on.' } }),
  route('POST',   '/security/work/lease',            WRITE,    leaseWork,                   { summary: 'Lease calls of a provider, as its agent', body: 'workWish', gives: 'workCollection', answers: { 200: 'What is due; nothing where nothing came due in time.' } }, AGENT),
  route('POST',   '/security/work/renew',            WRITE,    renewWork,                   { summary: 'Prolong a lease', body: 'heldWork', gives: 'renewedWork', answers: { 200: 'It lasts as long again.', 409: 'The lease is lost.' } }, AGENT),
  route('POST',   '/security/work/complete',         WRITE,    completeWork,                { summary: 'Report how a leased call went', body: 'workReport', gives: 'reportedWork', answers: { 200: 'It is committed.', 409: 'The lease is lost.' } }, AGENT),
  route('POST',   SUBSCRIPTIONS,                     READ,     postSubscription,            { summary: 'Subscribe to changes of securityActions', body: 'subscriptionInput', gives: 'subscription',
                                                                                              answers: { 201: 'The receivers passed the validation; changes from now on are told.', 429: 'Many receivers are being validated.' } }),
  route('GET',    SUBSCRIPTIONS,                     READ,     listSubscriptions,           { summary: "List the application's subscriptions", gives: 'subscriptionCollection', answers: { 200: 'All of them.' } }),
  route('GET',    SUBSCRIPTION,                      READ,     getSubscription,             { summary: 'Get a subscription', gives: 'subscription', answers: { 200: 'The subscription.', ...NO_SUBSCRIPTION } }),
  route('PATCH',  SUBSCRIPTION,                      READ,     patchSubscription,           { summary: 'Renew a subscription', body: 'subscriptionRenewal', gives: 'subscription', answers: { 200: 'The subscription as it is now.', ...NO_SUBSCRIPTION } }),
  route('DELETE', SUBSCRIPTION,                      READ,     deleteSubscription,          { summary: 'Delete a subscription', answers: { 204: 'It is deleted.', ...NO_SUBSCRIPTION } }),
  route('POST',   `${SUBSCRIPTION}/reauthorize`,     READ,     reauthorizeSubscription,     { summary: 'Answer a reauthorizationRequired', answers: { 204: 'It is noted.', ...NO_SUBSCRIPTION } }),
  route('GET',    `${SUBSCRIPTION}/deliveries`,      READ,     listSubscriptionDeliveries,  { summary: 'The delivery log, newest first', gives: 'deliveryCollection', query: ['$top', '$skiptoken'],
                                                                                              answers: { 200: 'A page, with a nextLink while there are more.', ...NO_SUBSCRIPTION } }),
  route('POST',   `${SUBSCRIPTION}/deliveries/:deliveryId/resend`, READ, resendSubscriptionDelivery, { summary: 'Send a delivery again', answers: { 202: 'It is on its way.', 404: 'There is no such delivery.' } }),
  route('GET',    '/feeds/:provider/:file',          'feed',   getFeed,                     { summary: 'Fetch a list as a firewall does', gives: 'feedList', content: ['text/plain', 'application/json'], answers: { 200: 'The list, whole.', 304: 'It is unchanged.', 404: 'There is no such list.' } }, { offers: 'feed', isAlone: true }),
  route('GET',    '/v1/decisions',                   'bouncer', getBouncerDecisions,        { summary: "What is blocked, for a bouncer of CrowdSec's that asks each time", gives: 'decisions', content: ['application/json'], query: ['ip', 'range', 'value', 'type', 'scopes', 'origins'], answers: { 200: 'Decisions, or null.' } }, BOUNCER),
  route('GET',    '/v1/decisions/stream',            'bouncer', getDecisionStream,          { summary: "What has changed for a bouncer of CrowdSec's since it last asked", gives: 'decisionDelta', content: ['application/json'], query: ['startup', 'scopes', 'origins'],
                                                                                              answers: { 200: 'Decisions to add, and to take away.' } }, BOUNCER),
  route('POST',   '/v1/usage-metrics',               'bouncer', postUsageMetrics,           { summary: "Take what a bouncer of CrowdSec's has counted: nothing is made of it", answers: { 201: 'It is taken.' } }, BOUNCER),
  route('POST',   '/$batch',                         'caller', createBatch(() => ROUTES),  { summary: 'Up to 20 requests in one, each answered for itself', body: 'batch', gives: 'batchResponse',
                                                                                              answers: { 200: 'Each request has its answer, with a status of its own.' } }, BATCH),
  route('GET',    '/',                               'anyone', getServiceDocument,          { summary: 'Service document', gives: 'serviceDocument', answers: { 200: 'What there is.',
                                                                                                         302: 'A browser is led to /docs.' } }, { offers: 'own' }),
  route('GET',    '/$metadata',                      'anyone', getMetadata,                 { summary: 'The schema, as CSDL', content: ['application/xml', 'application/json'],
                                                                                              answers: { 200: 'XML, or JSON where that is asked for.' } }, { offers: 'own' }),
  route('GET',    '/docs',                           'anyone', getDocsPage,                 { summary: 'This description, for people', content: ['text/html'], answers: { 200: 'A page.' } }, { offers: 'own' }),
  route('GET',    '/docs/:asset',                    'anyone', getDocsAsset,                { summary: 'What that page consists of', content: ['text/css', 'text/javascript', 'image/png'],
                                                                                              answers: { 200: 'A file.', 304: 'It is unchanged.', 404: 'There is no such file.' } }, { offers: 'own' }),
  route('GET',    '/openapi.json',                   'anyone', getOpenApi,                  { summary: 'This description', content: ['application/json'], answers: { 200: 'OpenAPI 3.1.' } }),
  route('GET',    '/healthz',                        'anyone', getHealth,                   { summary: 'The process turns', gives: 'health', answers: { 200: 'It does.' } }),
  route('GET',    '/readyz',                         'anyone', getReadiness,                { summary: 'The server can do its work', gives: 'health', answers: { 200: 'It can.', 503: 'It cannot at present.' } }),
];

const later = (method: Method, path: string, permission: RoutePermission): Route =>
  route(method, path, permission, notYet, { summary: 'Not in this version', answers: { 501: 'Not in this version.' } });

/** Operations of the contract whose part does not exist yet: their names are taken, and their callers are told. */
// biome-ignore format: a table reads better in columns
const LATER: readonly Route[] = [
  later('POST',   `${ACTION}/approveSecurityAction`,             APPROVE),
  later('POST',   `${ACTION}/rejectSecurityAction`,              APPROVE),
  later('POST',   `${ACTIONS}/previewSecurityAction`,            WRITE),
  later('GET',    '/security/securityActionAuditEvents',         AUDIT),
  later('GET',    '/security/securityActionAuditCheckpoints',    AUDIT),
];

/** Every operation, and what it asks of its caller. What is not here does not exist. */
export const ROUTES: readonly Route[] = [...SERVED, ...LATER];

export const isServed = (candidate: Route): boolean => SERVED.includes(candidate);
