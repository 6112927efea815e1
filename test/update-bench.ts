import { afterAll, beforeAll, describe } from 'vitest';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { type Refused, refusalFaults } from './refusal.ts';
import { type Asked, ask, type Json, type Reply, startServer, type TestServer, until } from './server.ts';
import { tokenFor } from './tenant-token.ts';
import { WebhookReceiver, webhookProvider } from './webhook-receiver.ts';

export const ACTIONS = '/beta/security/securityActions';
/** An application that may say how an action of a provider went. */
export const REPORTER = '22222222-2222-2222-2222-222222222222';
const PENDING = { status: 202, body: { state: 'pending', retryAfterSeconds: 300 } } as const;

const config = (receiver: WebhookReceiver): string => `providers:
${webhookProvider(receiver, 'edge', `reporters: [${REPORTER.toUpperCase()}]\n    lateness: PT1S`)}
${webhookProvider(receiver, 'seen', `reporters: [${REPORTER}]\n    verify: true`)}
  - { name: simulator, connector: simulator, reporters: [${REPORTER}] }
`;

/** What is wrong with a refusal; see `refusalFaults`. */
export const faults = ({ status, headers, text }: Reply, refused: Refused): string[] =>
  refusalFaults({ status, headers, body: text }, refused);

/** A server with providers that take reports, and what tests of PATCH do with it. */
export class UpdateBench {
  readonly receiver: WebhookReceiver;
  #server: TestServer | undefined;
  #reporter = '';
  #lastHost = 0;

  constructor(receiver: WebhookReceiver) {
    this.receiver = receiver;
  }

  get server(): TestServer {
    if (!this.#server) throw new Error('The server of the bench is not started.');
    return this.#server;
  }

  /** Token of the application that may report. */
  get reporter(): string {
    return this.#reporter;
  }

  async start(databaseUrl: string | undefined): Promise<void> {
    const url = databaseUrl === undefined ? {} : { INTERDICT_DATABASE_URL: databaseUrl };
    const env = { HOOK_SECRET: this.receiver.secret, ...url };
    this.#server = await startServer({ config: config(this.receiver), env });
    this.#reporter = await tokenFor(this.#server, { appId: REPORTER });
  }

  /** A block of an address that nobody else has. */
  readonly blockOf = (provider: string, rest: object = {}): object => {
    this.#lastHost += 1;
    return {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: `198.51.100.${this.#lastHost}` }],
      vendorInformation: { provider },
      ...rest,
    };
  };

  readonly post = (body: object, token?: string): Promise<Reply> =>
    ask(this.server, ACTIONS, { body, ...(token !== undefined && { token }) });

  readonly patch = (id: unknown, body: unknown, rest: Asked = {}): Promise<Reply> =>
    ask(this.server, `${ACTIONS}/${id}`, { method: 'PATCH', body, ...rest });

  readonly get = async (id: unknown): Promise<Json> => (await ask(this.server, `${ACTIONS}/${id}`)).json;

  readonly idOf = async (body: object): Promise<string> => String((await this.post(body)).json.id);

  /** Id of an action that is Completed. */
  readonly inForce = async (provider = 'simulator'): Promise<string> => {
    const id = await this.idOf(this.blockOf(provider));
    await until(
      () => this.get(id),
      ({ status }) => String(status) === 'Completed',
    );
    return id;
  };

  /** Id of an action that the receiver was told of, and left pending. */
  readonly running = async (provider: string): Promise<string> => {
    const { receiver } = this;
    receiver.inForce.clear();
    receiver.manner = (received, product) => (received.kind === 'apply' ? PENDING : product.obey(received));
    const id = await this.idOf(this.blockOf(provider));
    await until(
      () => this.get(id),
      ({ status }) => String(status) === 'Running',
    );
    const target = String((await this.get(id)).enforcement?.target);
    await until(
      () => receiver.of('apply', target).length,
      (calls) => calls > 0,
    );
    return id;
  };
}

/** The same tests on both databases, each with a server of its own. */
export function describeUpdates(what: string, tests: (bench: UpdateBench) => void): void {
  const receiver = new WebhookReceiver();
  const postgres: { running?: TestPostgres } = {};
  beforeAll(async () => {
    await receiver.start();
    postgres.running = await startPostgres('18');
  }, 60_000);
  afterAll(async () => {
    await receiver.stop();
    await postgres.running?.stop();
  });
  describe.each(['SQLite', 'PostgreSQL'])(`${what} on %s`, (database) => {
    const bench = new UpdateBench(receiver);
    beforeAll(() => bench.start(database === 'PostgreSQL' ? postgres.running?.url : undefined), 60_000);
    afterAll(() => bench.server.discard());
    tests(bench);
  });
}
