import { randomFillSync } from 'node:crypto';

const POOL = Buffer.alloc(16 * 256);

/** A thread's source of ids: random bytes in stock, and the last millisecond with its counter. */
const state = { used: POOL.length, lastMs: 0, counter: 0 };

function takeRandom(bytes: number): Buffer {
  if (state.used + bytes > POOL.length) {
    randomFillSync(POOL);
    state.used = 0;
  }
  const taken = POOL.subarray(state.used, state.used + bytes);
  state.used += bytes;
  return taken;
}

/** Ids of one millisecond count up from a random start in 12 bits; what runs over borrows from the next one. */
function tick(ms: number): void {
  if (ms > state.lastMs) {
    state.lastMs = ms;
    state.counter = takeRandom(2).readUInt16BE() & 0x7ff;
    return;
  }
  state.counter += 1;
  if (state.counter > 0xfff) {
    state.lastMs += 1;
    state.counter = 0;
  }
}

/**
 * A UUIDv7: sorts by time, within a thread strictly. Random keys halve the speed of inserts.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 */
export function newId(nowMs: number): string {
  tick(nowMs);
  const time = state.lastMs.toString(16).padStart(12, '0');
  const random = takeRandom(8);
  const variant = ((random[0] ?? 0) & 0x3f) | 0x80;
  const rest = random.toString('hex', 1);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${state.counter.toString(16).padStart(3, '0')}-${variant.toString(16)}${rest.slice(0, 2)}-${rest.slice(2)}`;
}

/** The first id that a moment has, milliseconds, and the least of all that come behind it. */
export function firstIdAt(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}
