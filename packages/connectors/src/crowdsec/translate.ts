import { type Entry, ORIGIN, toMark } from './entry.ts';

/** An entry with what is to be told of it. */
export interface Wanted {
  readonly entry: Entry;
  /** Milliseconds of the epoch: when the local API drops it by itself. */
  readonly endsAt: number;
  /** Milliseconds of the epoch: since when bouncers can pull it. */
  readonly since: number;
}

/** One transaction of the local API's SQLite of this size takes 61 ms. */
const MOST_PER_ALERT = 1_000;

/** Decisions come to the local API inside an alert. */
function toAlert(wanted: readonly Wanted[], now: Date): object {
  const [first] = wanted;
  const at = now.toISOString();
  return {
    scenario: ORIGIN,
    scenario_hash: '',
    scenario_version: '',
    message: `${wanted.length} blocked by Interdict`,
    events_count: 0,
    start_at: at,
    // The end of a decision is counted from here.
    stop_at: at,
    capacity: 0,
    leakspeed: '0',
    simulated: false,
    events: [],
    source: { scope: first?.entry.scope, value: first?.entry.value },
    decisions: wanted.map(({ entry, endsAt, since }) => ({
      origin: ORIGIN,
      type: 'ban',
      scope: entry.scope,
      value: entry.value,
      duration: `${Math.max(1_000, endsAt - now.getTime())}ms`,
      scenario: toMark(entry, since),
    })),
  };
}

export function toAlerts(wanted: readonly Wanted[], now: Date): readonly object[] {
  const alerts: object[] = [];
  for (let start = 0; start < wanted.length; start += MOST_PER_ALERT) {
    alerts.push(toAlert(wanted.slice(start, start + MOST_PER_ALERT), now));
  }
  return alerts;
}
