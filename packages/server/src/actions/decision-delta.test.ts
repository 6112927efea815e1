import { describe, expect, it } from 'vitest';
import { createHandClock } from '../auth/testing/hand-clock.ts';
import { type MemoryStore, openMemoryStore } from '../dispatch/testing/memory-store.ts';
import { seededRandom } from '../dispatch/testing/seeded-random.ts';
import { type FeedReader, queries } from '../store/queries.ts';
import type { EnforcementRow, FeedFetchRow } from '../store/rows.ts';
import { anEnforcementRow } from '../store/testing/an-action-row.ts';
import { unit } from '../store/work.ts';
import { toChange, toLetGo, toWhole, wholeAtOf } from './decision-delta.ts';
import { beginFetch, endFetch, type FetchEnd, LONGEST_FETCH_MS } from './feed-fetches.ts';
import { toHolders } from './feed-holders.ts';
import { isNetwork, pulledVersion } from './pulled-version.ts';

const READER: FeedReader = { provider: 'edge', list: 'ip', key_name: 'bouncer' };
const ENTRIES = 6;
const PULLS = 400;

const change = unit('test.change', function* (u, _: null) {
  yield [];
  return u.journal({ actionId: 'a', event: 'updated', type: 'test', content: {} });
});

/** How a pull went: noted as whole, or as broken off, or not at all for the server died; and whether it was applied. */
interface Course {
  readonly noted: 'got' | 'brokenOff' | 'lost' | 'nothing';
  readonly isApplied: boolean;
}

/** A list of a few entries, and one bouncer with what it has truly applied. */
class World {
  readonly clock = createHandClock();
  readonly #store: MemoryStore = openMemoryStore(this.clock, [beginFetch, endFetch, change]);
  readonly rows = new Map<string, EnforcementRow>();
  readonly applied = new Set<string>();
  /** It was killed, and keeps what it has. */
  hasBegun = true;
  /** As its key is configured. */
  networks = false;

  toggle(index: number): void {
    const target = index % 3 === 0 ? `cidr:198.51.${index}.0/24` : `ip:203.0.113.${index}`;
    const sequence = this.#store.run(change, null);
    const row = this.rows.get(target) ?? anEnforcementRow({ target, holds: 0 });
    const changed =
      row.holds > 0
        ? { holds: 0, unwanted_seq: sequence }
        : { holds: 1, wanted_seq: sequence, first_wanted_seq: row.first_wanted_seq ?? sequence, unwanted_seq: null };
    this.rows.set(target, { ...row, ...changed });
  }

  pull({ noted, isApplied }: Course, meanwhile: () => void): void {
    const begun = { ...READER, version: pulledVersion({ wholeAt: 0, networks: this.networks }) };
    const id = this.#store.run(beginFetch, begun);
    const fetches = this.fetches().filter((fetch) => fetch.id !== id);
    const marks = [...this.rows.values()].map((row) => ({ ...row, wanted_until: row.wanted_until ?? 0 }));
    const sequence = this.#store.run(change, null);
    const { networks } = this;
    const known = { fetches, networks };
    const delta = this.hasBegun || wholeAtOf(known) === undefined ? toWhole(marks, known) : toChange(marks, known);
    meanwhile();
    if (isApplied) {
      for (const target of delta.gone) this.applied.delete(target);
      for (const { target } of delta.added) this.applied.add(target);
      this.hasBegun = false;
    }
    if (noted === 'lost') return;
    const end: FetchEnd =
      noted === 'nothing'
        ? { kind: noted }
        : { kind: noted, sequence, version: pulledVersion({ wholeAt: 1, networks }) };
    this.#store.run(endFetch, { reader: READER, id, end, action: 'BlockIp' });
  }

  fetches(): readonly FeedFetchRow[] {
    return this.#store.read(queries.feedFetches({ provider: 'edge', list: 'ip' }));
  }

  /** What is said of an entry, against what is so; and an effect that nobody has any more goes. */
  settle(): readonly string[] {
    return [...this.rows].flatMap(([target, row]) => {
      const holders = toHolders(row, this.fetches(), { keys: ['bouncer'], now: this.clock.nowMs });
      const isThere = this.applied.has(target);
      const faults = [];
      if (isThere && holders.withEntry === 0) faults.push(`${target} is said to be gone and is there`);
      if (!isThere && row.holds > 0 && holders.recentWithEntry > 0)
        faults.push(`${target} is said to be there and is not`);
      if (row.holds === 0 && holders.withEntry === 0) this.rows.delete(target);
      return faults;
    });
  }

  listed(): readonly string[] {
    const on = [...this.rows].filter(([, { holds }]) => holds > 0).map(([target]) => target);
    return on.filter((target) => this.networks || !isNetwork(target));
  }

  close(): void {
    this.#store.close();
  }
}

function aCourse(random: () => number): Course {
  const dice = random();
  if (dice < 0.5) return { noted: 'got', isApplied: true };
  const isApplied = random() < 0.5;
  if (dice < 0.75) return { noted: 'brokenOff', isApplied };
  return dice < 0.9 ? { noted: 'lost', isApplied } : { noted: 'nothing', isApplied: false };
}

describe('what a bouncer is told', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'leaves it with the list, and nobody is told what is not so (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const world = new World();
      const toggleSome = (): void => {
        while (random() < 0.5) world.toggle(Math.floor(random() * ENTRIES));
      };
      for (let pull = 0; pull < PULLS; pull += 1) {
        toggleSome();
        if (random() < 0.05) world.hasBegun = true;
        if (random() < 0.05) world.networks = !world.networks;
        if (random() < 0.1) world.clock.nowMs += LONGEST_FETCH_MS;
        world.pull(aCourse(random), toggleSome);
        expect(world.settle()).toEqual([]);
      }
      world.pull({ noted: 'got', isApplied: true }, () => undefined);
      expect([...world.applied].toSorted()).toEqual(world.listed().toSorted());
      world.close();
    },
  );

  it('is nothing while nothing changes', () => {
    const world = new World();
    world.toggle(1);
    world.pull({ noted: 'got', isApplied: true }, () => undefined);
    const marks = [...world.rows.values()].map((row) => ({ ...row, wanted_until: 0 }));
    expect(toChange(marks, { fetches: world.fetches(), networks: false })).toEqual({
      listed: new Set(['ip:203.0.113.1']),
      added: [],
      gone: new Set(),
    });
    world.close();
  });

  it('is everything after a fetch of the list by the same key, or where it is told networks from now on', () => {
    const row = { state: 'got' as const, version: 'a digest' } as FeedFetchRow;
    const pulled = (wholeAt: number, networks = false): FeedFetchRow => ({
      ...row,
      version: pulledVersion({ wholeAt, networks }),
    });
    const wholeAt = (...fetches: readonly FeedFetchRow[]) => wholeAtOf({ fetches, networks: false });
    expect(wholeAt()).toBeUndefined();
    expect(wholeAt(row)).toBeUndefined();
    expect(wholeAt(pulled(7), row)).toBeUndefined();
    expect(wholeAt(pulled(7), pulled(7, true))).toBeUndefined();
    expect(wholeAt(pulled(9), pulled(7))).toBe(7);
  });

  it('lets go of all that it may have of a list that its key opens no more', () => {
    const world = new World();
    for (const index of [1, 2, 3]) world.toggle(index);
    world.pull({ noted: 'got', isApplied: true }, () => world.toggle(4));
    const marks = [...world.rows.values()].map((row) => ({ ...row, wanted_until: 0 }));
    expect(toLetGo(marks, world.fetches())).toEqual({
      listed: new Set(),
      added: [],
      gone: new Set(['ip:203.0.113.1', 'ip:203.0.113.2']),
    });
    const [row, stranger] = [world.rows.get('ip:203.0.113.1'), world.rows.get('ip:203.0.113.4')];
    const held = (of: typeof row, otherKeys: readonly string[]) =>
      of && toHolders(of, world.fetches(), { keys: [], otherKeys, now: world.clock.nowMs });
    expect(held(row, ['bouncer'])).toMatchObject({ withEntry: 1, recent: 0 });
    expect(held(stranger, ['bouncer'])).toMatchObject({ withEntry: 0 });
    expect(held(row, [])).toMatchObject({ withEntry: 0 });
    world.close();
  });
});
