import type { Connector, Effect } from '../../connector.ts';
import { resolveBySystem } from '../../http/resolve-name.ts';
import { Secret } from '../../secret.ts';
import { TENANT_A } from '../../testing/call-builder.ts';
import type { ProductUnderTest } from '../../testing.ts';
import { openDefender } from '../connector.ts';
import { CLIENT, CLIENT_SECRET, DefenderDouble, type DoubleOptions, ENTRA_TENANT } from './defender-double.ts';
import type { StoredAction, StoredIndicator } from './tenant-model.ts';

/** Its clock is the double's; instead of waiting it lets that go on. */
export function openAt(double: DefenderDouble, own: object = {}, actions?: readonly string[]): Connector {
  const keys = { tenantId: ENTRA_TENANT, clientId: CLIENT, secret: new Secret(CLIENT_SECRET), allowPrivate: true };
  const settings = {
    name: 'endpoint',
    own: { ...keys, url: double.url, tokenUrl: double.tokenUrl, ...own },
    ...(actions && { actions }),
  };
  return openDefender(settings, {
    now: () => new Date(double.model.now()),
    resolve: resolveBySystem,
    wait: async (ms) => double.model.advance(ms),
  });
}

const KINDS: Readonly<Record<string, readonly [string, Effect['target']['kind']]>> = {
  IpAddress: ['BlockIp', 'ip'],
  DomainName: ['BlockDomain', 'domain'],
  Url: ['BlockUrl', 'url'],
  FileSha256: ['BlockFile', 'sha256'],
  FileSha1: ['BlockFile', 'sha1'],
  FileMd5: ['BlockFile', 'md5'],
};
const HELD: Readonly<Record<string, string>> = {
  Isolate: 'IsolateHost',
  RestrictCodeExecution: 'RestrictCodeExecution',
  'RunAntiVirusScan Quick': 'RunAntiVirusScan',
  'RunAntiVirusScan Full': 'RunFullAntiVirusScan',
  CollectInvestigationPackage: 'CollectInvestigationPackage',
};
const TYPE_OF = Object.fromEntries(Object.entries(KINDS).map(([type, [, kind]]) => [kind, type]));

/** As Defender writes an address: all eight segments. */
const written = (value: string): string => (value === '2001:db8::9' ? '2001:db8:0:0:0:0:0:9' : value);
const asCanonical = (value: string): string => (value === '2001:db8:0:0:0:0:0:9' ? '2001:db8::9' : value);

const tenantIn = (mark: string | null): string => /^Interdict ([0-9a-f-]{36})/.exec(mark ?? '')?.[1] ?? TENANT_A;

const toEffect = ({ indicatorType, indicatorValue, application }: StoredIndicator): Effect => {
  const [action, kind] = KINDS[indicatorType] ?? ['', 'ip'];
  return { tenantId: tenantIn(application), action, target: { kind, value: asCanonical(indicatorValue) } };
};

const isBlocking = ({ action }: StoredIndicator): boolean => action.startsWith('Block');

function held(double: DefenderDouble): readonly Effect[] {
  return [...double.model.devices].flatMap(([value, holds]) =>
    [...holds].map(([what, { requestorComment }]: readonly [string, StoredAction]) => ({
      tenantId: tenantIn(requestorComment),
      action: HELD[what] ?? what,
      target: { kind: 'host' as const, value },
    })),
  );
}

const ADMIN = { id: 'admin@corp.example', name: 'admin@corp.example', isUser: true } as const;

/** An analyst in the portal, who needs no API. */
export const analyst = {
  blocks(double: DefenderDouble, target: Effect['target'], more: object = {}): void {
    const indicator = { indicatorType: TYPE_OF[target.kind], indicatorValue: written(target.value), action: 'Block' };
    const said = double.model.submit({ ...indicator, title: 'By hand', description: 'By hand', ...more }, ADMIN);
    if (said.status !== 200) throw new Error(JSON.stringify(said));
  },
  does(double: DefenderDouble, machineId: string, type: string, scope = 'Full'): StoredAction {
    const by = { type, scope, requestor: ADMIN.id, requestorComment: 'By hand', machineId };
    return double.model.record(by);
  },
};

function lose(double: DefenderDouble, { action, target }: Effect): void {
  const { model } = double;
  const undo = action === 'IsolateHost' ? 'Unisolate' : 'UnrestrictCodeExecution';
  if (target.kind === 'host') model.finish(analyst.does(double, target.value, undo));
  else model.indicators = model.indicators.filter(({ indicatorValue }) => indicatorValue !== written(target.value));
}

/** The double as the suite wants it. */
export async function startDefender(
  options: DoubleOptions,
  connect: (double: DefenderDouble) => Connector = openAt,
): Promise<ProductUnderTest> {
  const double = new DefenderDouble(options);
  await double.listen();
  const { model } = double;
  return {
    connect: () => connect(double),
    secrets: double.secrets,
    inForce: async () => [...model.active().filter(isBlocking).map(toEffect), ...held(double)],
    received: async () => double.received.length,
    endsAt: async ({ target }) => {
      const found = model.indicators.find(({ indicatorValue }) => indicatorValue === written(target.value));
      return new Date(found?.expirationTime ?? Number.NaN);
    },
    settle: async () => model.step(),
    putForeign: async ({ action, target }) => {
      if (target.kind !== 'host') return analyst.blocks(double, target);
      model.finish(analyst.does(double, target.value, action === 'IsolateHost' ? 'Isolate' : action));
    },
    lose: async (effect) => lose(double, effect),
    restart: async () => {
      await double.hangUp();
      await double.listen();
    },
    misbehave: (misbehaviour) => double.misbehave(misbehaviour),
    behave: () => double.behave(),
    stop: () => double.hangUp(),
  };
}
