import { DatabaseSync } from 'node:sqlite';
import type { Connector, Effect } from '../../connector.ts';
import type { ConnectorPorts, ProviderSettings } from '../../connector-kind.ts';
import { Secret } from '../../secret.ts';
import type { ConnectorUnderTest, ProductUnderTest } from '../../testing/connector-under-test.ts';
import { Gate, type Says } from '../../testing/gate.ts';
import { crowdsec } from '../connector.ts';
import { toTraits } from '../traits.ts';
import { BOUNCER_KEY, type CrowdsecProduct, MACHINE, PASSWORD } from './crowdsec-product.ts';

/** The connector on a port of loopback, with the account and the key of {@link startCrowdsec}. */
export function connectTo(port: number, own: Readonly<Record<string, unknown>> = {}): Connector {
  const settings: ProviderSettings = {
    name: 'perimeter',
    own: {
      url: `http://127.0.0.1:${port}`,
      machine: MACHINE,
      password: new Secret(PASSWORD),
      bouncerKey: new Secret(BOUNCER_KEY),
      ranges: true,
      bouncerInterval: 'PT0S',
      ...own,
    },
  };
  return crowdsec.open(settings, {} as ConnectorPorts);
}

/** One active decision, as it stands in the database. */
interface Row {
  readonly id: number;
  readonly until: string;
  readonly scope: string;
  readonly value: string;
  readonly origin: string;
  readonly scenario: string;
}

const toDate = (until: string): Date => new Date(until.replace(' ', 'T').replace(/(\.\d{3})\d*/, '$1'));

/** What the database of the local API holds at this moment, doubles too: CrowdSec's own client hides those. */
export function activeRows({ folder }: CrowdsecProduct): readonly Row[] {
  const database = new DatabaseSync(`${folder}/crowdsec.db`, { readOnly: true });
  try {
    const rows = database.prepare('select id, until, scope, value, origin, scenario from decisions').all();
    return (rows as unknown as Row[]).filter(({ until }) => toDate(until).getTime() > Date.now());
  } finally {
    database.close();
  }
}

const FOREIGN_TENANT = '11111111-1111-4111-8111-111111111111';

function toEffect({ scope, value, origin, scenario }: Row): Effect {
  const tenantId = origin === 'interdict' ? (scenario.split(':')[1] ?? '') : FOREIGN_TENANT;
  return { tenantId, action: 'BlockIp', target: { kind: scope === 'Ip' ? 'ip' : 'cidr', value } };
}

const http = (status: string, headers: string, body: string): Buffer =>
  Buffer.from(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

const successOf = (question: Buffer): string =>
  question.toString('latin1').startsWith('POST') ? '201 Created' : '200 OK';

const says =
  (status: string, body: object, headers = ''): Says =>
  () =>
    http(status, headers, JSON.stringify(body));

async function* dressed(question: Buffer, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(`HTTP/1.1 ${successOf(question)}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n`);
  yield* body;
}

/** A login, or the look before a change: what is spoilt is the change itself. */
const isBefore = (question: Buffer): boolean =>
  /^(?:POST \/v1\/watchers\/login|GET \/v1\/decisions\?\S*origins=interdict)/.test(question.toString('latin1'));

/** A gate that spoils writes and looks; how much has come through it without the looks before changes. */
export function createGate(port: number): { readonly gate: Gate; received(): number } {
  let before = 0;
  const gate = new Gate({
    product: () => ({ host: '127.0.0.1', port }),
    passes(question) {
      if (!isBefore(question)) return false;
      before += 1;
      return true;
    },
    refusal: (words) => says('400 Bad Request', { message: words }),
    throttling: (seconds) => says('429 Too Many Requests', { message: 'slow down' }, `Retry-After: ${seconds}\r\n`),
    nonsense: (question) => http(successOf(question), '', '{"perhaps":true}'),
    dressed,
  });
  return { gate, received: () => gate.received - before };
}

async function removeAll({ folder, port }: CrowdsecProduct): Promise<void> {
  const row = await login(port);
  const answer = await fetch(`http://127.0.0.1:${port}/v1/decisions`, { method: 'DELETE', headers: row });
  if (!answer.ok) throw new Error(`${folder}: ${await answer.text()}`);
}

/** The headers of a machine that has logged in, by no code of ours. */
export async function login(port: number, machine = MACHINE, password = PASSWORD): Promise<Record<string, string>> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/watchers/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'test/1.0' },
    body: JSON.stringify({ machine_id: machine, password, scenarios: [] }),
  });
  const { token } = (await answer.json()) as { readonly token: string };
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'user-agent': 'test/1.0' };
}

const cscliTarget = ({ target }: Effect): readonly string[] =>
  target.kind === 'ip' ? ['--ip', target.value] : ['--range', target.value];

/** One product for a whole file of tests, emptied for each. */
export function crowdsecUnderTest(product: () => CrowdsecProduct): ConnectorUnderTest {
  return {
    name: 'crowdsec on a real local API',
    traits: toTraits(true),
    reach: 'http',
    misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'throttle', 'late'],
    refusalSubcode: 400,
    groupsCalls: true,
    tellsForeign: true,
    hasList: true,
    async start(): Promise<ProductUnderTest> {
      const real = product();
      await removeAll(real);
      const { gate, received } = createGate(real.port);
      await gate.open();
      return {
        connect: () => connectTo(gate.port),
        secrets: [PASSWORD, BOUNCER_KEY],
        inForce: async () => activeRows(real).map(toEffect),
        received: async () => received(),
        async endsAt({ target }) {
          const row = activeRows(real).find(({ value }) => value === target.value);
          return row && toDate(row.until);
        },
        async putForeign(effect) {
          await real.cscli('decisions', 'add', ...cscliTarget(effect), '--duration', '1h');
        },
        async lose({ target }) {
          const headers = await login(real.port);
          const row = activeRows(real).find(({ value }) => value === target.value);
          await fetch(`http://127.0.0.1:${real.port}/v1/decisions/${row?.id}`, { method: 'DELETE', headers });
        },
        restart: () => real.restart(),
        misbehave: (misbehaviour) => gate.misbehave(misbehaviour),
        behave: () => gate.behave(),
        stop: () => gate.close(),
      };
    },
  };
}
