import type { Connector, Effect, ListedEffect } from '../connector.ts';
import { effectText } from './bench.ts';
import type { Misbehaviour, ProductUnderTest } from './connector-under-test.ts';

export interface ToyRequest {
  readonly verb: 'apply' | 'release' | 'look' | 'list' | 'wipe';
  readonly effect: Effect;
  readonly operationId: string;
  readonly end: string;
  /** The connector remembers that it released; the product would else lift a stranger's entry. */
  readonly force?: boolean;
  /** A second entry beside the first. */
  readonly add?: boolean;
}

export interface ToyReply {
  readonly status: number;
  readonly chunks: Iterable<Buffer>;
  readonly pauseMs?: number | undefined;
  readonly staysOpen?: boolean | undefined;
  readonly breaksOff?: boolean;
  readonly retryAfterSeconds?: number;
}

/** Nothing of a request arrived. */
export class ToyUnreachable extends Error {}
/** The request arrived, and the exchange broke off. */
export class ToyBrokenOff extends Error {}

interface Entry {
  readonly effect: Effect;
  readonly isForeign: boolean;
  end: string;
}

const reply = (status: number, body: object): ToyReply => ({ status, chunks: [Buffer.from(JSON.stringify(body))] });

/** A product in memory that tries what {@link describeConnector} asks of a product, and can be misbehaved with. */
export class ToyProduct {
  entries: Entry[] = [];
  readonly secret = 'toy-secret-0123456789-abcdef/+';
  readonly #operations = new Set<string>();
  #received = 0;
  #generation = 0;
  #misbehaviour: Misbehaviour | undefined;
  #late: (() => void)[] = [];
  readonly #bug: string;

  constructor(bug: string) {
    this.#bug = bug;
  }

  /** Changes with a restart, when all connections die. */
  get generation(): number {
    return this.#generation;
  }

  get isDown(): boolean {
    return this.#misbehaviour?.kind === 'down';
  }

  async exchange(request: ToyRequest): Promise<ToyReply> {
    const misbehaviour = this.#misbehaviour;
    if (this.isDown) throw new ToyUnreachable('Nobody listens.');
    this.#received += 1;
    switch (misbehaviour?.kind) {
      case 'hang':
        return new Promise(() => undefined);
      case 'late':
        this.#late.push(() => this.#handle(request));
        return new Promise(() => undefined);
      case 'refuse':
        return reply(422, { words: misbehaviour.words });
      case 'throttle':
        return { ...reply(429, {}), retryAfterSeconds: misbehaviour.retryAfterSeconds };
      case 'nonsense':
        return reply(200, { state: 'perhaps' });
      case 'hostile':
        return { status: 200, ...misbehaviour.answer, chunks: misbehaviour.answer.chunks() };
      case 'lostAnswer':
        this.#handle(request);
        throw new ToyBrokenOff('The exchange broke off.');
      case 'halfAnswer': {
        const [body] = [...this.#handle(request).chunks];
        return { status: 200, chunks: [body?.subarray(0, body.length - 1) ?? Buffer.alloc(0)], breaksOff: true };
      }
      case 'down':
      case undefined:
        return this.#handle(request);
    }
  }

  #handle(request: ToyRequest): ToyReply {
    const { verb, effect } = request;
    if (verb === 'list') return reply(200, { list: this.#list(effect.tenantId) });
    const text = effectText(effect);
    const found = this.entries.find((entry) => effectText(entry.effect) === text);
    if (verb === 'look') return reply(200, { state: found ? 'present' : 'absent', foreign: found?.isForeign ?? false });
    if (verb === 'wipe') this.entries = [];
    this.#operations.add(request.operationId);
    if (verb === 'apply' && found && !request.add) found.end = request.end;
    else if (verb === 'apply') this.entries.push({ effect, isForeign: false, end: request.end });
    else if (found && (!found.isForeign || request.force)) this.#drop(found);
    return reply(200, { state: 'done' });
  }

  #drop(found: Entry): void {
    const isMeant = (entry: Entry): boolean => {
      if (this.#bug === 'lifts all tenants') return entry.effect.target.value === found.effect.target.value;
      if (this.#bug === 'lifts by prefix')
        return entry.effect.target.value.startsWith(found.effect.target.value.slice(0, 11));
      return entry === found;
    };
    this.entries = this.entries.filter((entry) => !isMeant(entry));
  }

  #list(tenantId: string): readonly ListedEffect[] {
    const all = this.#bug === 'lists all tenants';
    return this.entries
      .filter(({ effect }) => all || effect.tenantId === tenantId)
      .map(({ effect, isForeign }) => ({ action: effect.action, target: effect.target, foreign: isForeign }));
  }

  underTest(connect: () => Connector): ProductUnderTest {
    const same = (effect: Effect) => (entry: Entry) => effectText(entry.effect) === effectText(effect);
    return {
      connect,
      secrets: [this.secret],
      inForce: async () => this.entries.map(({ effect }) => effect),
      received: async () => this.#received,
      operations: async () => this.#operations.size,
      endsAt: async (effect) => new Date(this.entries.find(same(effect))?.end ?? Number.NaN),
      putForeign: async (effect) => void this.entries.push({ effect, isForeign: true, end: '' }),
      lose: async (effect) => {
        this.entries = this.entries.filter((entry) => !same(effect)(entry));
      },
      restart: async () => {
        this.#generation += 1;
      },
      misbehave: async (misbehaviour) => {
        this.#misbehaviour = misbehaviour;
      },
      behave: async () => {
        this.#misbehaviour = undefined;
        for (const land of this.#late.splice(0)) land();
      },
      stop: async () => undefined,
    };
  }
}
