import type { Answer, Call, Connector, ListedEffect, Presence } from '../../packages/connectors/src/connector.ts';
import { targetFromText, targetText } from '../../packages/contract/src/index.ts';
import { checkCall, checkTenant } from './checks/call-checks.ts';
import { type Life, reaching } from './life.ts';
import { effectOf, forget, type Job, type Landing, landIn, landInstead, type Product } from './product.ts';
import { type Manner, mannerOf } from './product-manners.ts';
import { plan } from './virtual-time.ts';
import { type Flying, short, type Worker, type World } from './world.ts';

/** Each its own: one that all wait for keeps every world that waited. */
const never = (): Promise<never> => new Promise(() => undefined);

const answerIn = <Value>({ time }: World, ms: number, value: Value): Promise<Value> =>
  new Promise((resolve) => void plan(time, ms, () => resolve(value)));

const pending = ({ random }: World): Answer & Presence => ({
  kind: 'pending',
  message: 'At it.',
  againMs: 1_000 + Math.floor(random() * 20_000),
});

type Writing = Pick<Landing, 'kind' | 'effect' | 'operationId' | 'until'>;

/** What is in the connection when it ends: it lands within the lateness, or never. */
function landLateOrNever(world: World, product: Product, landing: Landing): void {
  if (!product.landings.has(landing)) return;
  if (world.random() < 0.3) forget(product, landing);
  else landInstead(world.time, product, landing, Math.floor(world.random() * product.latenessMs));
}

interface Made {
  readonly answer: Promise<Answer>;
  /** What is on its way, for as long as somebody waits for it. */
  readonly landing?: Landing;
}

function take(world: World, product: Product, writing: Writing, manner: Manner): Made {
  const { time, random } = world;
  const ms = world.isCalm ? 5 : Math.floor(random() * (random() < 0.1 ? 1.5 * product.timeoutMs : 300));
  const done: Answer = { kind: 'done', level: product.traits.verification === 'accepted' ? 'accepted' : 'reported' };
  const isLie = writing.kind === 'apply' && product.lies.has(writing.effect) && !world.isCalm;
  const unknown: Answer = { kind: 'unknown', message: 'The connection broke.' };
  const soon = (): Landing | undefined => (isLie ? undefined : landIn(time, product, ms, writing));
  switch (manner) {
    case 'does it': {
      const landing = soon();
      const answer = answerIn(world, ms + 1, done).then((told) => {
        if (writing.kind === 'apply') product.doneAt.set(writing.effect, world.storeNow());
        return told;
      });
      return { answer, ...(landing && { landing }) };
    }
    case 'does it and hangs': {
      const landing = soon();
      return { answer: never(), ...(landing && { landing }) };
    }
    case 'hangs, and does it later': {
      const most = product.timeoutMs + Math.floor(random() * product.latenessMs);
      return { answer: never(), landing: landIn(time, product, Math.max(1, most), writing) };
    }
    case 'hangs':
      return { answer: never() };
    case 'does it and breaks the connection':
      return { answer: answerIn(world, ms, unknown), landing: landIn(time, product, Math.max(1, ms - 1), writing) };
    case 'breaks the connection':
      return { answer: answerIn(world, ms, unknown) };
    case 'throttles':
      return { answer: answerIn(world, ms, { kind: 'unavailable', message: 'Slowly.', retryAfterMs: 30_000 }) };
    case 'is unavailable':
      return { answer: answerIn(world, ms, { kind: 'unavailable', message: 'Down.' }) };
    case 'refuses':
      return { answer: answerIn(world, ms, { kind: 'refused', message: 'No.' }) };
    case 'takes its time': {
      const landing = landIn(time, product, 1_000 + Math.floor(random() * 90_000), writing);
      product.jobs.add({ landing });
      return { answer: answerIn(world, 5, pending(world)) };
    }
  }
}

function askedAgain(world: World, product: Product, job: Job): Answer {
  const { random, isCalm } = world;
  if (!isCalm && random() < 0.1) return { kind: 'unknown', message: 'The answer was lost.' };
  if (!isCalm && random() < 0.05 && job.landing.kind === 'apply') {
    product.jobs.delete(job);
    forget(product, job.landing);
    return { kind: 'refused', message: 'After all, no.' };
  }
  return pending(world);
}

async function write(
  world: World,
  worker: Worker,
  product: Product,
  kind: 'apply' | 'release',
  call: Call,
  signal: AbortSignal,
): Promise<Answer> {
  const effect = effectOf(call.tenantId, call.action, targetText(call.target));
  checkCall(world, worker, product, kind, call, effect);
  world.say(`${worker.name}: ${kind} ${short(effect)} at ${product.name}, attempt ${call.attempt}`);
  if (product.isDown && !world.isCalm) return await answerIn(world, 20, { kind: 'unavailable', message: 'Down.' });
  const job = [...product.jobs].find(({ landing }) => landing.operationId === call.operationId);
  if (job) return await answerIn(world, 5, askedAgain(world, product, job));
  const writing = { kind, effect, operationId: call.operationId, until: Date.parse(call.expirationDateTime) };
  const manner = mannerOf(world, kind, product.takesTime);
  const { answer, landing } = take(world, product, writing, manner);
  if (manner !== 'does it') world.say(`${product.name} ${manner}`);
  const flying = fly(world, worker, product, kind, effect, () => landing && landLateOrNever(world, product, landing));
  return await whileFlying(world, flying, answer, signal);
}

function fly(
  world: World,
  worker: Worker,
  product: Product,
  kind: Flying['kind'],
  effect: string,
  breakOff: () => void,
): Flying {
  const flying = { worker, product, kind, effect, breakOff };
  world.flying.add(flying);
  return flying;
}

async function whileFlying<Value>(
  world: World,
  flying: Flying,
  answer: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  let abort: (error: unknown) => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = reject;
  });
  const onAbort = (): void => {
    flying.breakOff();
    abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    world.flying.delete(flying);
  }
}

function look(world: World, product: Product, effect: string): Presence {
  const present = product.entries.get(effect);
  const job = [...product.jobs].find(({ landing }) => landing.effect === effect && landing.kind === 'apply');
  if (present === undefined && job) return pending(world);
  if (present === undefined) return { kind: 'absent' };
  product.shownAt.set(effect, world.storeNow());
  return product.traits.seesForeign ? { kind: 'present', foreign: present.owner === 'foreign' } : { kind: 'present' };
}

async function verify(
  world: World,
  worker: Worker,
  product: Product,
  call: Call,
  signal: AbortSignal,
): Promise<Presence> {
  const { random, isCalm, faults } = world;
  const effect = effectOf(call.tenantId, call.action, targetText(call.target));
  checkTenant(world, call);
  const isBad = !isCalm && (product.isDown || (faults.has('badManners') && random() < 0.15));
  const flying = fly(world, worker, product, 'verify', effect, () => undefined);
  if (isBad && !product.isDown && random() < 0.5) return await whileFlying(world, flying, never(), signal);
  const ms = Math.floor(random() * 50);
  const answer = answerIn(world, ms, undefined).then((): Presence => {
    if (isBad) return { kind: 'unknown', message: 'The look failed.' };
    const presence = look(world, product, effect);
    world.say(`${worker.name}: a look at ${short(effect)} at ${product.name} shows ${presence.kind}`);
    return presence;
  });
  return await whileFlying(world, flying, answer, signal);
}

async function list(world: World, product: Product, tenantId: string): Promise<readonly ListedEffect[]> {
  const { isCalm, random, faults } = world;
  if (!isCalm && (product.isDown || (faults.has('badManners') && random() < 0.2))) throw new Error('No list.');
  return await answerIn(world, 30, undefined).then(() =>
    [...product.entries].flatMap(([effect, { owner }]) => {
      const [tenant, action = '', target = ''] = effect.split(' ');
      return tenant === tenantId ? [{ action, target: targetFromText(target), foreign: owner === 'foreign' }] : [];
    }),
  );
}

/** The connector of one process to a product that all processes share. */
export function connectorTo(world: World, worker: () => Worker, product: Product, life: Life): Connector {
  const to = <Value>(answer: Promise<Value>): Promise<Value> => reaching(life, answer);
  return {
    traits: product.traits,
    apply: (call, signal) => to(write(world, worker(), product, 'apply', call, signal)),
    release: (call, signal) => to(write(world, worker(), product, 'release', call, signal)),
    ...(product.traits.probe !== 'none' && {
      verify: (call: Call, signal: AbortSignal) => to(verify(world, worker(), product, call, signal)),
    }),
    ...(product.lists && { list: (tenantId: string) => to(list(world, product, tenantId)) }),
    close: async () => undefined,
  };
}
