import { type OidcIssuer, openOidcIssuer } from '../packages/server/src/auth/testing/oidc-issuer.ts';
import { createSigningKey } from '../packages/server/src/auth/testing/signing-key.ts';
import { type PlainAnswer, type PlainHttp, type PlainRequest, plainHttp } from './plain-http.ts';
import { startServer, type TestServer } from './server.ts';
import { WebhookReceiver, webhookProvider } from './webhook-receiver.ts';

export const TENANT_A = 'aaaaaaaa-1111-4111-8111-111111111111';
export const TENANT_B = 'bbbbbbbb-2222-4222-8222-222222222222';
export const AUDIENCE = 'api://interdict';
export const FEED_KEY = 'the feed key of these tests';

/** Whom a token is for. With `scopes` it is a user's. */
export interface Who {
  readonly tenant?: string;
  readonly app?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A server with an issuer of the test's own, and a product that notes what it is told. */
export interface Attacked {
  readonly server: TestServer;
  readonly http: PlainHttp;
  readonly issuer: OidcIssuer;
  readonly receiver: WebhookReceiver;
  token(who?: Who): Promise<string>;
  /** With the token of an application that may read and write, unless the request has its own. */
  ask(target: string, request?: PlainRequest): Promise<PlainAnswer>;
  /** Actions of both tenants, and calls at the product: what must not change where all is refused. */
  traces(): Promise<readonly number[]>;
  /** @throws {Error} where the server logged a fault of its own */
  close(): Promise<void>;
}

const WRITER = ['SecurityActions.ReadWrite.All'];

const configFor = (issuer: OidcIssuer, receiver: WebhookReceiver): string => `
server: { address: 127.0.0.1 }
issuers:
  - issuer: ${issuer.issuer}
    audience: [ ${AUDIENCE} ]
    tenants: [ ${TENANT_A}, ${TENANT_B} ]
    tenantClaim: tid
    appOnlyWhen: { claim: gty, equals: client-credentials }
providers:
  - { name: blocklist, connector: blocklist }
  - { name: simulator, connector: simulator, simulated: true }
${webhookProvider(receiver, 'edge', 'aliases: [ Perimeter ]\n    vendor: Example')}
feedKeys:
  - { name: firewall, tenant: ${TENANT_A}, providers: [ blocklist ], key: { env: FEED_KEY } }
`;

export function claimsOf({ tenant = TENANT_A, app = 'soc', roles, scopes, claims }: Who): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1_000);
  return {
    aud: AUDIENCE,
    iat: now - 10,
    exp: now + 3_600,
    tid: tenant,
    client_id: app,
    sub: scopes === undefined ? app : 'user-1',
    ...(scopes === undefined ? { gty: 'client-credentials' } : { scp: scopes.join(' '), upn: 'alice@a.example' }),
    ...(roles !== undefined && { roles }),
    ...claims,
  };
}

export async function startAttacked(): Promise<Attacked> {
  const receiver = new WebhookReceiver();
  await receiver.start();
  const issuer = await openOidcIssuer(createSigningKey('attacked'));
  const server = await startServer({
    config: configFor(issuer, receiver),
    env: { HOOK_SECRET: receiver.secret, FEED_KEY },
  });
  const http = plainHttp(server.url);
  const token = (who: Who = { roles: WRITER }): Promise<string> => issuer.sign(claimsOf(who), { typ: 'at+jwt' });
  const [writer, other] = await Promise.all([token(), token({ tenant: TENANT_B, roles: WRITER })]);
  const ask: Attacked['ask'] = (target, request = {}) => {
    const { headers = {} } = request;
    const Authorization = `Bearer ${writer}`;
    const withToken = Array.isArray(headers)
      ? ['Authorization', Authorization, ...headers]
      : { Authorization, ...headers };
    return http.ask(target, { ...request, headers: withToken });
  };
  const countOf = async (bearer: string): Promise<number> => {
    const answer = await http.ask('/beta/security/securityActions/$count', {
      headers: { Authorization: `Bearer ${bearer}` },
    });
    return Number(answer.body);
  };
  return {
    server,
    http,
    issuer,
    receiver,
    token,
    ask,
    traces: async () => [await countOf(writer), await countOf(other), receiver.received.length],
    close: async () => {
      http.close();
      await server.discard();
      const faults = server
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":"error"'));
      if (faults.length > 0) throw new Error(`The server says that it has bugs:\n${faults.join('\n')}`);
      await Promise.all([receiver.stop(), issuer.stop()]);
    },
  };
}

/** A request that would be sent to the product if it were taken. */
export const aRequest = (rest: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  name: 'BlockIp',
  actionReason: 'C2 beacon',
  parameters: [{ name: 'IP', value: '198.51.100.77' }],
  vendorInformation: { provider: 'edge' },
  ...rest,
});

export const JSON_HEADERS = { 'Content-Type': 'application/json' } as const;

/** Runs what is independent with some at a time, in order of their results. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
  width = 12,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await run(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
