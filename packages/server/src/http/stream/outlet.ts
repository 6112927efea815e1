import type { ServerResponse } from 'node:http';

/** Where a stream's text goes out, as fast as its client reads. */
export interface Outlet {
  readonly raw: ServerResponse;
  /** Since when text waits; undefined where all has gone out. */
  waitingSince: number | undefined;
  /** Bytes written for this one client alone, since all had gone out. */
  own: number;
  timer: NodeJS.Timeout | undefined;
}

/** What a client has not taken by then is not kept for it: it comes back with the last id that it saw. */
const MOST_WAITING = 1_048_576;
/** Nor is it kept for longer. */
const LONGEST_WAIT_MS = 15_000;
/** Of all streams of the process together. */
const MOST_OF_ALL = 64 * 1_048_576;
/** Text that is the same for all is there once, as long as they take it together. */
const SHARED_MS = 2_000;

const isOver = ({ raw }: Outlet): boolean => raw.destroyed || raw.writableEnded;

function settle(outlet: Outlet): void {
  clearTimeout(outlet.timer);
  outlet.timer = undefined;
  outlet.waitingSince = undefined;
  outlet.own = 0;
}

export function createOutlet(raw: ServerResponse): Outlet {
  const outlet: Outlet = { raw, waitingSince: undefined, own: 0, timer: undefined };
  raw.on('drain', () => settle(outlet));
  raw.once('close', () => settle(outlet));
  return outlet;
}

/** Whether more may be written at this moment. */
export const hasRoom = (outlet: Outlet): boolean => !isOver(outlet) && outlet.raw.writableLength <= MOST_WAITING;

/** Writes; where too much waits already, the stream is cut off instead. */
export function write(outlet: Outlet, text: string | Buffer, isOwn = false): void {
  const { raw } = outlet;
  if (isOver(outlet)) return;
  // Not by what it is about to get: one action may be as large as a fourth of that, and more in other letters.
  if (raw.writableLength > MOST_WAITING) {
    raw.destroy();
    return;
  }
  if (raw.write(text)) return;
  if (isOwn) outlet.own += Buffer.byteLength(text);
  outlet.waitingSince ??= performance.now();
  outlet.timer ??= setTimeout(() => raw.destroy(), LONGEST_WAIT_MS).unref();
}

/** Resolves when all has gone out; false where nobody is there any more. */
export async function gone(outlet: Outlet): Promise<boolean> {
  const { raw } = outlet;
  if (!isOver(outlet) && outlet.waitingSince !== undefined) {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        raw.off('drain', go);
        raw.off('close', go);
        resolve();
      };
      raw.on('drain', go);
      raw.on('close', go);
    });
  }
  return !isOver(outlet);
}

function heldBy({ raw, own, waitingSince }: Outlet, now: number): number {
  if (raw.destroyed || waitingSince === undefined) return 0;
  return now - waitingSince > SHARED_MS ? raw.writableLength : Math.min(own, raw.writableLength);
}

/** Where all streams together hold too much, cuts off those that hold the most. */
export function relieve(outlets: Iterable<Outlet>): void {
  const now = performance.now();
  const held = [...outlets].map((outlet) => ({ outlet, bytes: heldBy(outlet, now) }));
  let sum = held.reduce((all, { bytes }) => all + bytes, 0);
  if (sum <= MOST_OF_ALL) return;
  for (const { outlet, bytes } of held.sort((one, other) => other.bytes - one.bytes)) {
    if (sum <= MOST_OF_ALL) return;
    outlet.raw.destroy();
    sum -= bytes;
  }
}
