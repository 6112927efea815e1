import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Call, Connector, ConnectorTraits, Effect, ListedEffect, Presence } from '../connector.ts';
import { type ToyProduct, type ToyReply, type ToyRequest, ToyUnreachable } from './toy-product.ts';

export const TOY_TRAITS: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
  ],
  verification: 'readBack',
  idempotence: 'native',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: true,
  maxLatenessMs: 1_000,
  timeoutMs: 10_000,
  limits: { concurrency: 8 },
  simulated: false,
};

const CAP_BYTES = 65_536;

/** Ends the wait, not the work: what was sent was sent. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('The call was aborted.'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject);
  });
}

async function readBody(reply: ToyReply, capBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  for (const chunk of reply.chunks) {
    if (!isFirst && reply.pauseMs) await delay(reply.pauseMs);
    isFirst = false;
    length += chunk.length;
    if (length > capBytes) throw new Error('The answer is too long.');
    chunks.push(chunk);
  }
  if (reply.staysOpen) await new Promise(() => undefined);
  return Buffer.concat(chunks).toString('utf8');
}

/** A right connector, but for the one bug that it is told to have. */
export class ToyConnector implements Connector {
  readonly traits: ConnectorTraits = TOY_TRAITS;
  readonly #product: ToyProduct;
  readonly #bug: string;
  readonly #secret: string;
  readonly token?: string;
  #generation: number;
  #isClosed = false;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #known = new Set<string>();

  constructor(product: ToyProduct, bug: string) {
    this.#product = product;
    this.#bug = bug;
    this.#secret = product.secret;
    this.#generation = product.generation;
    if (bug === 'shows its secret') this.token = product.secret;
    if (bug === 'needs its product to open' && product.isDown) throw new ToyUnreachable('Nobody listens.');
  }

  #request(verb: ToyRequest['verb'], effect: Effect, call?: Call): ToyRequest {
    const operationId =
      call && this.#bug === 'makes a new key each time'
        ? `${call.operationId}${call.attempt}`
        : (call?.operationId ?? '');
    const isKnown = this.#known.has(effect.target.value);
    return {
      verb,
      effect,
      operationId,
      end:
        this.#bug === 'does not tell a later end' && isKnown
          ? new Date(Date.now() + 3_600_000).toISOString()
          : (call?.expirationDateTime ?? ''),
      force: this.#bug === 'lifts what is foreign',
      add: this.#bug === 'adds instead of setting',
    };
  }

  async #exchange(request: ToyRequest, signal: AbortSignal): Promise<Record<string, unknown>> {
    if (this.#bug === 'is stuck after a restart' && this.#generation !== this.#product.generation)
      throw new ToyUnreachable('Stale.');
    const work = (async () => {
      const reply = await this.#product.exchange(request);
      const text = await readBody(reply, this.#bug === 'reads all' ? 48 * 1024 ** 2 : CAP_BYTES);
      if (reply.breaksOff && this.#bug !== 'takes half an answer') throw new Error('The answer broke off.');
      const whole = reply.breaksOff ? `${text}}` : text;
      if (reply.status !== 200) return { status: reply.status, ...JSON.parse(whole), after: reply.retryAfterSeconds };
      return this.#bug === 'takes anything' ? { state: 'done' } : JSON.parse(whole);
    })();
    const body: unknown = await (this.#bug === 'ignores the signal' ? work : orAborted(work, signal));
    if (typeof body !== 'object' || body === null) throw new Error('The answer is no object.');
    return body as Record<string, unknown>;
  }

  #refusal(words: string): Answer {
    if (this.#bug === 'says no words') return { kind: 'refused', message: 'No.', subcode: 422 };
    if (this.#bug === 'says no number') return { kind: 'refused', message: words };
    if (this.#bug === 'says its secret back') return { kind: 'refused', message: words, subcode: 422 };
    return { kind: 'refused', message: words.replaceAll(this.#secret, '***'), subcode: 422 };
  }

  #failure(error: unknown, signal: AbortSignal): Answer {
    const message = error instanceof Error ? error.message : 'It failed.';
    if (this.#bug === 'is sure after an abort' && signal.aborted) return { kind: 'unavailable', message };
    if (error instanceof ToyUnreachable) {
      return this.#bug === 'refuses when down' ? { kind: 'refused', message } : { kind: 'unavailable', message };
    }
    if (this.#bug === 'is done when lost') return { kind: 'done', level: 'reported' };
    if (this.#bug === 'is sure when lost') return { kind: 'unavailable', message };
    if (this.#bug === 'says control characters') return { kind: 'unknown', message: '\u001b[31mno' };
    return { kind: 'unknown', message: 'The answer was lost.' };
  }

  #mayNotSend(call: Call, signal: AbortSignal): Answer | undefined {
    const isOffered = this.traits.actions.some(
      (action) => action.name === call.action && action.targetKinds.includes(call.target.kind),
    );
    if (!isOffered && this.#bug !== 'sends what it does not offer') throw new Error('Not offered.');
    if (this.#isClosed && this.#bug !== 'works when closed') throw new Error('Closed.');
    if (signal.aborted && this.#bug !== 'sends though aborted') return { kind: 'unavailable', message: 'Aborted.' };
    return undefined;
  }

  #answer(body: Record<string, unknown>): Answer {
    if (body.status === 422) return this.#refusal(String(body.words));
    if (body.status === 429) {
      const wait = this.#bug === 'forgets when to come again' ? {} : { retryAfterMs: Number(body.after) * 1_000 };
      return { kind: 'unavailable', message: 'Too many.', ...wait };
    }
    if (body.state !== 'done') return { kind: 'unknown', message: 'The answer means nothing.' };
    return { kind: 'done', level: this.#bug === 'says too high a level' ? ('certain' as 'reported') : 'reported' };
  }

  async #send(verb: 'apply' | 'release', call: Call, signal: AbortSignal): Promise<Answer> {
    const unsent = this.#mayNotSend(call, signal);
    if (unsent) return unsent;
    try {
      if (verb === 'release' && this.#bug === 'refuses to release what is not there') {
        const { state } = await this.#exchange(this.#request('look', call), signal);
        if (state === 'absent') return { kind: 'refused', message: 'Not there.' };
      }
      const body = await this.#exchange(this.#request(verb, call, call), signal);
      this.#known.add(call.target.value);
      return this.#answer(body);
    } catch (error) {
      return this.#failure(error, signal);
    }
  }

  async #inTurn(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#bug !== 'takes one call at a time') return work();
    const turn = this.#queue.then(work);
    this.#queue = turn;
    return turn;
  }

  apply(call: Call, signal: AbortSignal): Promise<Answer> {
    return this.#inTurn(() => this.#send('apply', call, signal));
  }

  release(call: Call, signal: AbortSignal): Promise<Answer> {
    return this.#inTurn(() => this.#send('release', call, signal));
  }

  async verify(call: Call, signal: AbortSignal): Promise<Presence> {
    if (this.#bug === 'looks from memory') return { kind: this.#known.has(call.target.value) ? 'present' : 'absent' };
    if (this.#bug === 'changes by looking') await this.apply(call, signal);
    try {
      const { state, foreign } = await this.#exchange(this.#request('look', call), signal);
      if (this.#bug === 'sees everything') return { kind: 'present' };
      if (state === 'present')
        return { kind: 'present', ...(foreign === true && this.#bug !== 'does not mark' && { foreign: true }) };
      return state === 'absent' ? { kind: 'absent' } : { kind: 'unknown', message: 'The answer means nothing.' };
    } catch {
      return this.#bug === 'sees nothing when down'
        ? { kind: 'absent' }
        : { kind: 'unknown', message: 'The answer was lost.' };
    }
  }

  async list(tenantId: string, signal: AbortSignal): Promise<readonly ListedEffect[]> {
    const effect: Effect = { tenantId, action: '', target: { kind: 'ip', value: '' } };
    try {
      const { list } = await this.#exchange(this.#request('list', effect), signal);
      if (!Array.isArray(list)) throw new Error('The answer is no list.');
      return this.#bug === 'lists one page' ? list.slice(0, 100) : list;
    } catch (error) {
      if (this.#bug === 'lists nothing when down') return [];
      throw error;
    }
  }

  async close(): Promise<void> {
    const nothing: Effect = { tenantId: '', action: '', target: { kind: 'ip', value: '' } };
    if (this.#bug === 'wipes on close') await this.#product.exchange(this.#request('wipe', nothing));
    this.#isClosed = true;
  }
}
