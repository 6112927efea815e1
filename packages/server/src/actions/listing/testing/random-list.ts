import { ENFORCEMENT_STATES, OPERATION_STATUSES } from '@interdict/contract';
import { indexable } from '../../../lib/indexable.ts';
import { FILTERABLE } from '../../../odata/filter/filterable.ts';
import { MOMENTS, randomEntity, randomFilter, TEXTS } from '../../../odata/filter/testing/random-filter.ts';
import type { RandomSource } from '../../../odata/filter/testing/random-source.ts';
import type { ActionRow } from '../../../store/rows.ts';
import { anActionRow } from '../../../store/testing/an-action-row.ts';

export interface RandomRow {
  readonly row: ActionRow;
  readonly entity: Readonly<Record<string, unknown>>;
}

type Items<Item> = readonly [Item, ...Item[]];

const CONTEXTS: Items<string> = [...TEXTS, 'nul\u0000', '\ud800', 'case-1', 'case-1 ', 'Case-1', 'ünï', '\u{10ffff}'];
const TARGETS: Items<string> = ['ip:203.0.113.9', 'ip:203.0.113.10', 'user:\u{1f600}', 'domain:é.example', 'file:'];
const STATUSES: Items<ActionRow['status']> = [...OPERATION_STATUSES, null];
/** Moments at which several actions were created, and moments beside them. */
const BESIDE: Items<string> = [
  ...MOMENTS,
  '2026-01-01T00:00:00.00000005Z',
  '2026-01-01T00:00:00.000000100001Z',
  '2026-01-01T02:00:00+02:00',
  '2027-01-01T00:00:00Z',
];

/** An action as it could be stored: what its columns say is what its text says. */
export function randomRow(random: RandomSource): RandomRow {
  const isRecord = random.below(4) === 0;
  const status = random.pick(STATUSES);
  const state = isRecord ? 'none' : random.pick(ENFORCEMENT_STATES);
  const target = isRecord ? null : random.pick(TARGETS);
  const clientContext = random.below(4) === 0 ? null : random.pick(CONTEXTS);
  const made = randomEntity(random);
  const enforcement = isRecord ? null : { ...(made.enforcement as object), state, provider: 'edge', target };
  const draft = anActionRow();
  const { createdDateTime } = made;
  const entity = { ...made, id: draft.id, status, clientContext, enforcement };
  return {
    entity,
    row: {
      ...draft,
      ...{ created_at: String(createdDateTime), status, state, target, start_at: null },
      ...(isRecord && { provider: null, action: null }),
      client_context: indexable(clientContext),
      entity: JSON.stringify(entity),
    },
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function comparisonOnWay(random: RandomSource, ids: Items<string>): string {
  const texts = (path: string, values: Items<string>): string =>
    random.pick([
      () => `${path} eq ${quoted(random.pick(values))}`,
      () => `${quoted(random.pick(values))} eq ${path}`,
      () => `${path} in (${quoted(random.pick(values))},${quoted(random.pick(values))})`,
    ])();
  const status = (): string => random.pick([...OPERATION_STATUSES.map(quoted), 'null'] as unknown as Items<string>);
  return random.pick([
    () => texts('id', ids),
    () => texts('clientContext', CONTEXTS),
    () => texts('enforcement/target', TARGETS),
    () => texts('enforcement/state', ENFORCEMENT_STATES),
    () => `status ${random.pick(['eq', 'ne'])} ${status()}`,
    () => `not (status ${random.pick(['eq', 'ne'])} ${status()})`,
    () => `${random.pick(['', 'not '])}status in (${status()},${status()})`,
    () => `not (status in (${status()},${status()}))`,
  ])();
}

const bound = (random: RandomSource): string =>
  random.below(3) === 0
    ? `${random.pick(BESIDE)} ${random.pick(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])} createdDateTime`
    : `createdDateTime ${random.pick(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])} ${random.pick(BESIDE)}`;

/** A filter for whose parts there are indexes, with others among them. */
function filterOnWays(random: RandomSource, ids: Items<string>, depth: number): string {
  const inside = (): string => filterOnWays(random, ids, depth - 1);
  if (depth <= 0) return random.below(4) === 0 ? bound(random) : comparisonOnWay(random, ids);
  return random.pick([
    () => `(${inside()}) or (${inside()})`,
    (): string => `(${inside()}) and (${inside()})`,
    () => `${bound(random)} and (${inside()})`,
    () => `(${inside()}) and (${randomFilter(random, 0)})`,
    () => comparisonOnWay(random, ids),
  ])();
}

export const aFilter = (random: RandomSource, ids: Items<string>): string =>
  random.below(3) === 0 ? randomFilter(random, random.below(3)) : filterOnWays(random, ids, random.below(4));

/** Newest or oldest first half the time; else up to three properties. */
export function anOrder(random: RandomSource): string | undefined {
  const direction = (): string => random.pick(['', ' asc', ' desc']);
  if (random.below(4) === 0) return undefined;
  if (random.below(3) === 0) return `createdDateTime${direction()}`;
  const paths = FILTERABLE.map(([path]) => path) as unknown as Items<string>;
  const keys = new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(paths)));
  return [...keys].map((path) => `${path}${direction()}`).join(',');
}

const SEARCHED: Items<string> = ['a', 'ab', 'blockip', 'case', '"x y"', '203', 'ünï', 'it', 'edge'];

export function aSearch(random: RandomSource): string | undefined {
  if (random.below(5) > 0) return undefined;
  const word = random.pick(SEARCHED);
  return random.pick([word, `NOT ${word}`, `${word} OR ${random.pick(SEARCHED)}`, `${word} ${random.pick(SEARCHED)}`]);
}
