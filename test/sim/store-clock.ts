import { createClockGuard, LOOK_EVERY_MS } from '../../packages/server/src/lib/guarded-clock.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Looks behind which nothing changes any more: the clock goes as it should, or as it is believed to. */
const EVEN_AFTER_LOOKS = 90;

/** The store's clock as it is in the product: guarded, over a system's clock that somebody sets. */
export interface StoreClock {
  readonly now: () => number;
  readonly isInDoubt: () => boolean;
  /** How many milliseconds of it at most pass in one of the true time. */
  readonly fastest: () => number;
  /** Sets the clock of the system to so far from the true time. */
  readonly set: (byMs: number) => void;
}

export function createSimClock(time: VirtualTime): StoreClock {
  let [setBy, at, lookedAt, evenLooks, offBefore] = [0, time.now, time.now, EVEN_AFTER_LOOKS, 0];
  const guard = createClockGuard({ wall: () => at + setBy, monotonic: () => at, uptime: () => at });
  const off = (): number => guard.clock.now() - at;
  /** The looks that main made meanwhile, as far as they could change anything. */
  const catchUp = (): void => {
    while (lookedAt + LOOK_EVERY_MS <= time.now && evenLooks < EVEN_AFTER_LOOKS) {
      lookedAt += LOOK_EVERY_MS;
      at = lookedAt;
      guard.look();
      evenLooks = off() === offBefore ? evenLooks + 1 : 0;
      offBefore = off();
    }
    if (evenLooks >= EVEN_AFTER_LOOKS) lookedAt = time.now;
    at = time.now;
  };
  const asked =
    <Value>(answer: () => Value) =>
    (): Value => {
      catchUp();
      return answer();
    };
  return {
    now: asked(() => guard.clock.now()),
    isInDoubt: asked(() => guard.clock.isInDoubt?.() ?? false),
    fastest: asked(() => (evenLooks >= EVEN_AFTER_LOOKS ? 1 : 1.5)),
    set: (byMs) => {
      catchUp();
      setBy = byMs;
      evenLooks = 0;
    },
  };
}
