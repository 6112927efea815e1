import { readFileSync } from 'node:fs';
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from '@microsoft/microsoft-graph-client';
import { serveScenarios } from './serve-scenarios.ts';

const { BASE_URL = '', TOKEN_FILE = '' } = process.env;
const ACTIONS = '/security/securityActions';

const graph = Client.initWithMiddleware({
  baseUrl: `${BASE_URL}/`,
  customHosts: new Set([new URL(BASE_URL).hostname]),
  defaultVersion: 'beta',
  authProvider: { getAccessToken: async () => readFileSync(TOKEN_FILE, 'utf8').trim() },
});

interface Query {
  readonly top?: number;
  readonly skip?: number;
  readonly count?: boolean;
  readonly filter?: string;
  readonly orderby?: string;
  readonly select?: string;
  readonly search?: string;
}

function listRequest({ top, skip, count, filter, orderby, select, search }: Query) {
  const request = graph.api(ACTIONS);
  if (top !== undefined) request.top(top);
  if (skip !== undefined) request.skip(skip);
  if (count !== undefined) request.count(count);
  if (filter !== undefined) request.filter(filter);
  if (orderby !== undefined) request.orderby(orderby);
  if (select !== undefined) request.select(select);
  if (search !== undefined) request.search(search);
  return request;
}

interface Step {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly dependsOn?: string[];
}

const toRequest = ({ method, path, body }: Step): Request =>
  new Request(`${BASE_URL}/beta${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });

await serveScenarios({
  create: (body: unknown) => graph.api(ACTIONS).post(body),
  get: (id: string) => graph.api(`${ACTIONS}/${id}`).get(),
  path: (path: string) => graph.api(path).get(),
  pathOfV1: (path: string) => graph.api(path).version('v1.0').get(),
  list: (query: Query) => listRequest(query).get(),
  count: (filter: string | null) => {
    const request = graph.api(`${ACTIONS}/$count`);
    return filter === null ? request.get() : request.filter(filter).get();
  },
  cancel: ({ id, action, body }: { readonly id: string; readonly action: string; readonly body: unknown }) =>
    graph.api(`${ACTIONS}/${id}/${action}`).post(body),
  update: ({ id, body, headers }: { id: string; body: unknown; headers?: Record<string, string> }) =>
    graph
      .api(`${ACTIONS}/${id}`)
      .headers(headers ?? {})
      .patch(body),
  remove: (id: string) => graph.api(`${ACTIONS}/${id}`).delete(),

  async pages(query: Query) {
    const ids: string[] = [];
    const iterator = new PageIterator(graph, await listRequest(query).get(), ({ id }: { readonly id: string }) => {
      ids.push(id);
      return true;
    });
    await iterator.iterate();
    return ids;
  },

  async batch(steps: readonly Step[]) {
    const content = new BatchRequestContent(
      steps.map((step) => ({
        id: step.id,
        request: toRequest(step),
        ...(step.dependsOn !== undefined && { dependsOn: step.dependsOn }),
      })),
    );
    const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    const told: Record<string, unknown> = {};
    for (const { id } of steps) {
      const response = answer.getResponseById(id);
      const text = await response.text();
      told[id] = { status: response.status, body: text === '' ? null : JSON.parse(text) };
    }
    return told;
  },
});
