import type { CreateInput, Repeatable } from '../../packages/server/src/actions/create-input.ts';
import { resume, stop } from '../../packages/server/src/actions/dispatch-state.ts';
import { cancel, remove } from '../../packages/server/src/actions/end-actions.ts';
import { postAction } from '../../packages/server/src/actions/post-action.ts';
import { update } from '../../packages/server/src/actions/update.ts';
import { Refusal } from '../../packages/server/src/errors.ts';
import { REPORTER } from './reporter.ts';
import { type Keyed, note, pick, TARGETS, TENANTS, type Worker, type World } from './world.ts';

const asking = (tenantId: string, appId = 'app') => ({
  ...{ tenantId, appId, user: null, oid: null, requestId: 'r', sourceIp: null },
});

/** The code of a refusal; everything else that a request throws is a bug. */
function refusalOf(world: World, what: string, thrown: unknown): Refusal | undefined {
  if (thrown instanceof Refusal) return thrown;
  note(world, `${what} threw ${(thrown as Error).stack}`);
  return undefined;
}

const running = (world: World): Worker | undefined =>
  pick(
    world,
    world.workers.filter(({ life }) => life.state === 'runs' && !life.isStopping),
  );

/** Sends a request; what comes of it is told when, and if, the answer comes. */
function send<Value>(
  world: World,
  what: string,
  request: (worker: Worker) => Promise<Value>,
  onAnswer: (value: Value) => void,
  onRefusal: (refusal: Refusal) => void = () => undefined,
): void {
  const worker = running(world);
  if (!worker) return;
  world.say(`client: ${what} to ${worker.name}`);
  request(worker).then(
    (value) => {
      world.say(`client: ${what} is answered`);
      onAnswer(value);
    },
    (thrown: unknown) => {
      const refusal = refusalOf(world, what, thrown);
      world.say(`client: ${what} is refused: ${refusal?.code ?? String(thrown)}`);
      if (refusal) onRefusal(refusal);
    },
  );
}

const TTLS = ['PT5S', 'PT20S', 'PT20S', 'PT2M', 'PT2M', 'PT10M', 'PT1H'];

function inputOf(world: World): CreateInput {
  const last = world.client.told.at(-1);
  const again = last !== undefined && world.random() < 0.5 ? world.history.actions.get(last)?.row : undefined;
  const value = again?.target?.slice(3) ?? pick(world, TARGETS) ?? '';
  const provider = again?.provider ?? pick(world, world.products)?.name ?? '';
  const ttl = pick(world, TTLS) ?? 'PT5S';
  const isDated = world.random() < 0.2;
  return {
    kind: 'request',
    ...{ name: 'BlockIp', actionReason: null, clientContext: null, parameters: [{ name: 'IP', value }] },
    vendorInformation: { provider, providerVersion: null, subProvider: null, vendor: null },
    ttl: isDated ? null : ttl,
    expirationDateTime: isDated ? new Date(world.time.now + 30_000).toISOString() : null,
    scheduledDateTime: isDated || world.random() > 0.1 ? null : new Date(world.time.now + 15_000).toISOString(),
    extensions: {},
  };
}

function acknowledged(world: World, tenantId: string, id: string): void {
  const { client, history } = world;
  // An answer may be older than it looks: what stood still while somebody removed the action told the truth.
  const isStored = history.actions.has(id) || (history.deleted.has(id) && client.removals.has(id));
  if (!isStored) note(world, `I1: ${id} was acknowledged and is not stored.`);
  if (client.tenantOf.has(id)) return;
  client.tenantOf.set(id, tenantId);
  client.told.push(id);
}

/** Some say that they have sent it before, whether they have or not. */
const keyless = (world: World, { tenantId, input }: Keyed): Repeatable => ({
  kind: 'keyless',
  hash: `${tenantId} ${JSON.stringify(input)}`,
  isRepeat: world.random() < 0.2,
  arrivedAt: world.storeNow(),
});

function postUnder(world: World, key: string | undefined, keyed: Keyed): void {
  const { tenantId, input } = keyed;
  const text = `${input.kind === 'request' ? input.parameters[0]?.value : ''} ${tenantId.slice(0, 1)}`;
  send(
    world,
    `POST ${text} ${key ?? 'without a key'}`,
    ({ actions }) =>
      postAction(
        actions,
        asking(tenantId),
        () => input,
        key === undefined ? keyless(world, keyed) : { kind: 'key', hash: key, fingerprint: key },
      ),
    ({ id }) => {
      if (keyed.id !== undefined && keyed.id !== id) note(world, `One key made ${keyed.id} and ${id}.`);
      keyed.id = id;
      acknowledged(world, tenantId, id);
    },
  );
}

export function post(world: World): void {
  const { client } = world;
  const old = world.random() < 0.2 ? pick(world, [...client.keys.keys()]) : undefined;
  const keyed = old === undefined ? undefined : client.keys.get(old);
  if (old !== undefined && keyed) {
    postUnder(world, old, keyed);
    return;
  }
  const fresh: Keyed = { tenantId: pick(world, TENANTS) ?? '', input: inputOf(world), id: undefined };
  const key = world.random() < 0.5 ? `k${client.keys.size + 1}` : undefined;
  if (key !== undefined) client.keys.set(key, fresh);
  postUnder(world, key, fresh);
}

/** Who changes their mind does so soon, more often than not. */
const anAction = (world: World): string | undefined =>
  pick(world, world.random() < 0.6 ? world.client.told.slice(-3) : world.client.told);

const whose = (world: World, id: string): string => world.client.tenantOf.get(id) ?? '';

/** Of the other tenant: nobody tells that it is there. */
function askAsStranger(world: World, id: string): string | undefined {
  if (world.random() > 0.05) return undefined;
  return TENANTS.find((tenant) => tenant !== whose(world, id));
}

const strangerServed = (world: World, what: string) => (): void =>
  note(world, `I9: another tenant's ${what} was carried out.`);

export function cancelOne(world: World): void {
  const id = anAction(world);
  if (id === undefined) return;
  const stranger = askAsStranger(world, id);
  const ask = asking(stranger ?? whose(world, id));
  send(
    world,
    `cancel ${id.slice(-3)}`,
    ({ actions }) => cancel(actions, ask, id, null),
    stranger === undefined ? () => void world.history.cancelled.add(id) : strangerServed(world, 'cancel'),
  );
}

export function removeOne(world: World): void {
  const id = anAction(world);
  if (id === undefined) return;
  const stranger = askAsStranger(world, id);
  const ask = asking(stranger ?? whose(world, id));
  if (stranger === undefined) world.client.removals.add(id);
  send(
    world,
    `DELETE ${id.slice(-3)}`,
    ({ actions }) => remove(actions, ask, id, {}),
    // Behind a commit of which nobody knows, what is not there may have been removed by it: no answer tells more.
    () => undefined,
  );
}

export function patchOne(world: World): void {
  const id = anAction(world);
  if (id === undefined) return;
  const isReport = world.random() < 0.5;
  const stranger = askAsStranger(world, id);
  const ask = asking(stranger ?? whose(world, id), isReport ? REPORTER : 'app');
  const report = isReport ? { status: world.random() < 0.7 ? 'Completed' : 'Failed' } : {};
  const own = isReport ? { extensions: {} } : { clientContext: `c${world.time.now}`, extensions: {} };
  send(
    world,
    `PATCH ${id.slice(-3)} ${report.status ?? ''}`,
    ({ actions }) => update(actions, ask, id, { own, again: {}, report }, {}),
    stranger === undefined ? () => undefined : strangerServed(world, 'PATCH'),
  );
}

/** The brake, of one tenant at one provider or everywhere, and its release. */
export function brake(world: World): void {
  const tenantId = pick(world, TENANTS) ?? '';
  const provider = world.random() < 0.5 ? null : (pick(world, world.products)?.name ?? null);
  const isStop = world.random() < 0.5;
  const wish = { provider, reason: 'why' };
  const what = `${isStop ? 'stop' : 'resume'} ${tenantId.slice(0, 1)} ${provider ?? 'all'}`;
  send(
    world,
    what,
    ({ actions }) => (isStop ? stop(actions, asking(tenantId), wish) : resume(actions, asking(tenantId), wish)),
    () => undefined,
  );
}

/** An operator who has looked at what a restored database says. */
export function resumeRestored(world: World, tenantId: string): void {
  const wish = { provider: null, reason: 'looked at' };
  send(
    world,
    `resume ${tenantId.slice(0, 1)} all`,
    ({ actions }) => resume(actions, asking(tenantId), wish),
    () => undefined,
  );
}

/** Whatever was stopped goes on: each stop under its own name. */
export function resumeAll(world: World): void {
  for (const tenantId of TENANTS) {
    for (const provider of [null, ...world.products.map(({ name }) => name)]) {
      const wish = { provider, reason: 'why' };
      const what = `resume ${tenantId.slice(0, 1)} ${provider ?? 'all'}`;
      send(
        world,
        what,
        ({ actions }) => resume(actions, asking(tenantId), wish),
        () => undefined,
      );
    }
  }
}
