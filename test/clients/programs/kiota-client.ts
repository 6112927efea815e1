import { readFileSync } from 'node:fs';
import type { ParsableFactory } from '@microsoft/kiota-abstractions';
import { createGraphBetaServiceClient, GraphBetaRequestAdapter } from '@microsoft/msgraph-beta-sdk';
import {
  createSecurityActionCollectionResponseFromDiscriminatorValue,
  type SecurityAction,
} from '@microsoft/msgraph-beta-sdk/models/index.js';
import {
  BatchRequestContent,
  GraphAzureIdentityAuthenticationProvider,
  type PageCollection,
  PageIterator,
} from '@microsoft/msgraph-sdk-core';
import { ERROR_MAPPINGS, type ListOptions, securityActionsOf } from './security-actions.ts';
import { serveScenarios } from './serve-scenarios.ts';

const { BASE_URL = '', TOKEN_FILE = '' } = process.env;

const credential = {
  getToken: async () => ({
    token: readFileSync(TOKEN_FILE, 'utf8').trim(),
    expiresOnTimestamp: Date.now() + 60_000,
  }),
};
const adapter = new GraphBetaRequestAdapter(
  new GraphAzureIdentityAuthenticationProvider(
    credential,
    ['api://interdict/.default'],
    undefined,
    new Set([new URL(BASE_URL).hostname]),
  ),
);
adapter.baseUrl = `${BASE_URL}/beta`;
createGraphBetaServiceClient(adapter);
const securityActions = securityActionsOf(adapter);

interface Written {
  readonly id: string;
  readonly body: SecurityAction;
  readonly headers?: Record<string, string>;
}

/** Members of a body that are dates, as a caller of the SDK gives them. */
function withDates(body: SecurityAction): SecurityAction {
  const { completedDateTime } = body;
  return completedDateTime ? { ...body, completedDateTime: new Date(String(completedDateTime)) } : body;
}

type Step =
  | { readonly kind: 'create'; readonly id: string; readonly body: SecurityAction }
  | { readonly kind: 'cancel' | 'get'; readonly id: string; readonly of: string }
  | { readonly kind: 'list'; readonly id: string; readonly query: ListOptions };

function toRequestInformation(step: Step) {
  if (step.kind === 'create') return securityActions.toPostRequestInformation(step.body);
  if (step.kind === 'list') return securityActions.toGetRequestInformation({ queryParameters: step.query });
  const item = securityActions.byId(step.of);
  return step.kind === 'get' ? item.toGetRequestInformation() : item.cancel.toPostRequestInformation();
}

await serveScenarios({
  create: (body: SecurityAction) => securityActions.post(withDates(body)),
  get: (id: string) => securityActions.byId(id).get(),
  select: ({ id, select }: { readonly id: string; readonly select: string[] }) =>
    securityActions.byId(id).get({ queryParameters: { select } }),
  list: (query: ListOptions) => securityActions.get({ queryParameters: query }),
  count: (filter: string | null) =>
    securityActions.count.get(filter === null ? undefined : { queryParameters: { filter } }),
  cancel: (id: string) => securityActions.byId(id).cancel.post(),
  update: ({ id, body, headers }: Written) => securityActions.byId(id).patch(body, headers && { headers }),
  remove: (id: string) => securityActions.byId(id).delete(),

  async pages(query: ListOptions) {
    const ids: string[] = [];
    const iterator = new PageIterator<SecurityAction>(
      adapter,
      (await securityActions.get({ queryParameters: query })) as PageCollection<SecurityAction>,
      ({ id }) => {
        ids.push(id ?? '');
        return true;
      },
      createSecurityActionCollectionResponseFromDiscriminatorValue as ParsableFactory<PageCollection<SecurityAction>>,
      ERROR_MAPPINGS,
    );
    await iterator.iterate();
    return ids;
  },

  async batch(steps: readonly Step[]) {
    const content = new BatchRequestContent(adapter, ERROR_MAPPINGS);
    for (const step of steps) content.addBatchRequest(toRequestInformation(step), step.id);
    const answer = await content.postAsync();
    return answer && (await answer.getResponsesStatusCodes());
  },
});
