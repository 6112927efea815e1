import { describe, expect, it } from 'vitest';
import { createHandClock } from '../auth/testing/hand-clock.ts';
import { type MemoryStore, openMemoryStore } from '../dispatch/testing/memory-store.ts';
import { seededRandom } from '../dispatch/testing/seeded-random.ts';
import { type FeedReader, queries } from '../store/queries.ts';
import type { EnforcementRow, FeedFetchRow } from '../store/rows.ts';
import { anEnforcementRow } from '../store/testing/an-action-row.ts';
import { unit } from '../store/work.ts';
import { beginFetch, endFetch, type FetchEnd, LONGEST_FETCH_MS } from './feed-fetches.ts';
import { type FeedHolders, toHolders } from './feed-holders.ts';

const READER: FeedReader = { provider: 'edge', list: 'ip', key_name: 'gate' };

const change = unit('test.change', function* (u, _: null) {
  yield [];
  return u.journal({ actionId: 'a', event: 'updated', type: 'test', content: {} });
});

/** One fetch as it truly was. */
interface TrueFetch {
  readonly id: string;
  /** When it began and when it was over, in steps of the world. */
  readonly begunAt: number;
  overAt: number | undefined;
  /** What its firewall has of it: `lost` with the process that noted it. */
  state: 'underWay' | 'got' | 'brokenOff' | 'lost';
  version: { readonly sequence: number; readonly hasEntry: boolean } | undefined;
}

/** One entry of one list, one key with a firewall that may fetch several times at once, and the real record of that. */
class World {
  readonly clock = createHandClock();
  readonly #store: MemoryStore = openMemoryStore(this.clock, [beginFetch, endFetch, change]);
  /** Fetches that the firewall may end with. */
  fetches: TrueFetch[] = [];
  row: EnforcementRow = anEnforcementRow({ holds: 0 });
  #step = 0;
  #sequence = 0;

  get isListed(): boolean {
    return this.row.holds > 0;
  }

  toggle(): void {
    this.#sequence = this.#store.run(change, null);
    this.row = this.isListed
      ? { ...this.row, holds: 0, unwanted_seq: this.#sequence }
      : {
          ...this.row,
          holds: 1,
          wanted_seq: this.#sequence,
          first_wanted_seq: this.row.first_wanted_seq ?? this.#sequence,
          unwanted_seq: null,
        };
  }

  /** The release was told, so the row has gone. */
  forgetRow(): void {
    this.row = anEnforcementRow({ holds: 0 });
  }

  begin(): TrueFetch {
    this.#step += 1;
    const id = this.#store.run(beginFetch, READER);
    const fetch: TrueFetch = { id, begunAt: this.#step, overAt: undefined, state: 'underWay', version: undefined };
    this.fetches.push(fetch);
    return fetch;
  }

  read(fetch: TrueFetch): void {
    fetch.version ??= { sequence: this.#sequence, hasEntry: this.isListed };
  }

  end(fetch: TrueFetch, state: 'got' | 'brokenOff' | 'lost'): void {
    this.#step += 1;
    this.read(fetch);
    fetch.state = state;
    fetch.overAt = this.#step;
    if (state === 'lost') return;
    const sequence = fetch.version?.sequence ?? 0;
    this.#note(fetch.id, { kind: state, sequence, version: `v${sequence}` });
    if (state === 'brokenOff') return;
    this.fetches = this.fetches.filter(({ overAt }) => overAt === undefined || overAt >= fetch.begunAt);
  }

  drop(fetch: TrueFetch): void {
    this.#note(fetch.id, { kind: 'nothing' });
    this.fetches = this.fetches.filter((other) => other !== fetch);
  }

  holders(): FeedHolders {
    return toHolders(this.row, this.rows(), { keys: ['gate'], now: this.clock.nowMs });
  }

  rows(): readonly FeedFetchRow[] {
    return this.#store.read(queries.feedFetches({ provider: 'edge', list: 'ip' }));
  }

  close(): void {
    this.#store.close();
  }

  #note(id: string, end: FetchEnd): void {
    this.#store.run(endFetch, { reader: READER, id, end, action: 'BlockIp' });
  }
}

const hasIt = ({ version }: TrueFetch): boolean => version?.hasEntry === true;

/** What no record may say, whatever has happened. */
function faultOf(world: World): string | undefined {
  const { withEntry, recentWithEntry } = world.holders();
  if (world.row.first_wanted_seq !== null && withEntry === 0 && world.fetches.some(hasIt)) {
    return 'told that nobody has what the firewall may have';
  }
  const counted = world.fetches.filter(({ state }) => state === 'got');
  if (recentWithEntry > 0 && !(counted.length > 0 && counted.every(hasIt))) {
    return 'told that the firewall surely has what it may lack';
  }
  return undefined;
}

const STEPS = 400;

function stepAtRandom(world: World, random: () => number): void {
  const pick = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
  const underWay = pick(world.fetches.filter(({ state }) => state === 'underWay'));
  const dice = random();
  if (dice < 0.2) world.toggle();
  else if (dice < 0.45 || !underWay) world.begin();
  else if (dice < 0.6) world.read(underWay);
  else if (dice < 0.8) world.end(underWay, 'got');
  else if (dice < 0.88) world.end(underWay, 'brokenOff');
  else if (dice < 0.91) world.end(underWay, 'lost');
  else if (dice < 0.95) world.drop(underWay);
  else world.clock.nowMs += Math.floor((random() * LONGEST_FETCH_MS) / 4);
  if (!world.isListed && world.holders().withEntry === 0) world.forgetRow();
}

/** Nobody sends for longer than the server lets him. */
function endOverdue(world: World): void {
  for (const fetch of world.fetches.filter(({ state }) => state === 'underWay')) {
    const begun = world.rows().find(({ id }) => id === fetch.id)?.begun_at ?? 0;
    if (begun + LONGEST_FETCH_MS <= world.clock.nowMs) world.end(fetch, 'brokenOff');
  }
}

/** All that is open comes to its end, and then there is one more fetch, alone. */
function fetchAlone(world: World): void {
  for (const fetch of world.fetches) if (fetch.state === 'underWay') world.end(fetch, 'brokenOff');
  world.clock.nowMs += LONGEST_FETCH_MS;
  world.end(world.begin(), 'got');
}

describe('what is known of a firewall that fetches several times at once', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('is never more than is true (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const world = new World();
    for (let step = 0; step < STEPS; step += 1) {
      stepAtRandom(world, random);
      endOverdue(world);
      expect(faultOf(world)).toBeUndefined();
    }
    fetchAlone(world);
    expect(world.rows()).toHaveLength(1);
    const { recentWithEntry, withEntry } = world.holders();
    expect(recentWithEntry).toBe(world.isListed ? 1 : 0);
    expect(withEntry).toBe(world.isListed ? 1 : 0);
    world.close();
  });

  it('is one row however often a fetch was broken off', () => {
    const world = new World();
    world.toggle();
    for (let times = 0; times < 20; times += 1) world.end(world.begin(), 'brokenOff');
    expect(world.rows()).toHaveLength(1);
    expect(world.holders()).toMatchObject({ withEntry: 1, recentWithEntry: 0 });
    world.toggle();
    world.end(world.begin(), 'brokenOff');
    expect(world.holders().withEntry).toBe(1);
    world.close();
  });
});

describe('of two fetches at once', () => {
  it('the quick one without the entry does not release what the slow one gets', () => {
    const world = new World();
    world.toggle();
    const slow = world.begin();
    world.read(slow);
    world.toggle();
    world.end(world.begin(), 'got');
    expect(world.holders().withEntry).toBe(1);
    world.end(slow, 'got');
    expect(world.holders().withEntry).toBe(1);
    world.end(world.begin(), 'got');
    expect(world.holders().withEntry).toBe(0);
    world.close();
  });

  it('the quick one with the entry does not complete what the slow one may take away again', () => {
    const world = new World();
    const slow = world.begin();
    world.read(slow);
    world.toggle();
    world.end(world.begin(), 'got');
    expect(world.holders()).toMatchObject({ recent: 1, recentWithEntry: 0, withEntry: 1 });
    world.end(slow, 'got');
    expect(world.holders()).toMatchObject({ recent: 1, recentWithEntry: 0, withEntry: 1 });
    world.end(world.begin(), 'got');
    expect(world.holders()).toMatchObject({ recent: 1, recentWithEntry: 1, withEntry: 1 });
    world.close();
  });

  it('one that is broken off neither completes nor hinders', () => {
    const world = new World();
    const slow = world.begin();
    world.read(slow);
    world.toggle();
    world.end(world.begin(), 'brokenOff');
    expect(world.holders()).toMatchObject({ recent: 0, recentWithEntry: 0, withEntry: 1 });
    world.end(slow, 'brokenOff');
    world.end(world.begin(), 'got');
    expect(world.holders()).toMatchObject({ recent: 1, recentWithEntry: 1 });
    world.close();
  });
});

describe('a fetch that was under way when the process died', () => {
  it('holds a release back until a later one is whole, and its longest time is over', () => {
    const world = new World();
    world.toggle();
    world.end(world.begin(), 'lost');
    world.toggle();
    world.end(world.begin(), 'got');
    expect(world.holders().withEntry).toBe(1);
    world.clock.nowMs += LONGEST_FETCH_MS;
    expect(world.holders().withEntry).toBe(1);
    world.end(world.begin(), 'got');
    expect(world.holders().withEntry).toBe(0);
    world.close();
  });

  it('keeps nothing from being in force beyond its longest time', () => {
    const world = new World();
    world.end(world.begin(), 'lost');
    world.toggle();
    world.end(world.begin(), 'got');
    expect(world.holders().recentWithEntry).toBe(0);
    world.clock.nowMs += LONGEST_FETCH_MS;
    expect(world.holders().recentWithEntry).toBe(1);
    world.close();
  });
});
