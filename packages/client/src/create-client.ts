import type { EnforcementInForce, KeyValuePair, SecurityAction, SecurityActionProvider } from '@interdict/contract';
import { type ClientOptions, createTransport, follow } from './transport.ts';

/** What to ask for: the product and the action by the catalogue's names, the target as a parameter. */
export interface SecurityActionInput {
  readonly name: string;
  readonly parameters: readonly KeyValuePair[];
  readonly vendorInformation?: { readonly provider: string; readonly vendor?: string };
  readonly actionReason?: string;
  readonly clientContext?: string;
  /** ISO 8601, as in `PT24H`. At most one of the two. */
  readonly ttl?: string;
  readonly expirationDateTime?: string;
}

export interface CreateOptions {
  /** A request that is repeated under its key makes no second action. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface Client {
  readonly actions: {
    create(input: SecurityActionInput, options?: CreateOptions): Promise<SecurityAction>;
    get(id: string): Promise<SecurityAction>;
    /** Newest first. `pageSize`: 1 to 1,000, default 100. */
    list(options?: { readonly pageSize?: number }): AsyncGenerator<SecurityAction>;
    count(): Promise<number>;
    /** Resolves when the wish is committed; the release follows. A second cancel changes nothing. */
    cancel(id: string, reason?: string): Promise<void>;
    delete(id: string): Promise<void>;
  };
  readonly providers: {
    list(): AsyncGenerator<SecurityActionProvider>;
    get(name: string): Promise<SecurityActionProvider>;
  };
  readonly enforcements: { list(): AsyncGenerator<EnforcementInForce> };
}

const ACTIONS = 'security/securityActions';
const PROVIDERS = 'security/securityActionProviders';

const itemOf = (collection: string, id: string): string => `${collection}/${encodeURIComponent(id)}`;

/**
 * Speaks to an Interdict server, in a browser or in Node. Every method may throw an `ApiError`.
 *
 * @example
 * const client = createClient({ baseUrl: 'http://127.0.0.1:8080', token });
 * const { id } = await client.actions.create({ name: 'BlockIp', parameters: [{ name: 'IP', value: '203.0.113.9' }] });
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  const read = async <Answer>(url: string): Promise<Answer> => (await (await transport(url)).json()) as Answer;
  return {
    actions: {
      create: async (input, { idempotencyKey, signal } = {}) => {
        const headers = idempotencyKey === undefined ? {} : { 'Idempotency-Key': JSON.stringify(idempotencyKey) };
        const response = await transport(ACTIONS, { method: 'POST', body: input, headers, signal });
        return (await response.json()) as SecurityAction;
      },
      get: (id) => read(itemOf(ACTIONS, id)),
      list: ({ pageSize } = {}) => follow(transport, pageSize === undefined ? ACTIONS : `${ACTIONS}?$top=${pageSize}`),
      count: async () => Number(await (await transport(`${ACTIONS}/$count`)).text()),
      cancel: async (id, reason) => {
        const body = reason === undefined ? undefined : { reason };
        await transport(`${itemOf(ACTIONS, id)}/cancelSecurityAction`, { method: 'POST', body });
      },
      delete: async (id) => {
        await transport(itemOf(ACTIONS, id), { method: 'DELETE' });
      },
    },
    providers: {
      list: () => follow(transport, PROVIDERS),
      get: (name) => read(itemOf(PROVIDERS, name)),
    },
    enforcements: { list: () => follow(transport, 'security/enforcements') },
  };
}
