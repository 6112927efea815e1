import type { RandomSource } from './random-source.ts';

/** Texts of rows and literals: few, so that they meet; astral ones, which UTF-16 sorts wrongly. */
export const TEXTS = ['', 'a', 'A', 'ab', 'BlockIp', "it's", '\ufffd', '\u{1f600}', 'x\u{1f600}y', ' a '] as const;
export const MOMENTS = [
  '2026-01-01T00:00:00.0000000Z',
  '2026-01-01T00:00:00.0000001Z',
  '2025-12-31T23:59:59.9999999Z',
  '2024-02-29T12:34:56.7890000Z',
] as const;

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const STATUS = ['NotStarted', 'Running', 'Completed', 'Failed'] as const;
const STATES = ['pending', 'inForce', 'released'] as const;

const DATES = ['completedDateTime', 'createdDateTime', 'lastActionDateTime', 'enforcement/expirationDateTime'] as const;
const WORDS = [
  'name',
  'user',
  'actionReason',
  'clientContext',
  'vendorInformation/provider',
  'errorInfo/message',
] as const;

function textOf(random: RandomSource, depth: number, variable: string): string {
  const inside = (): string => textOf(random, depth - 1, variable);
  const leaf = (): string =>
    random.below(8) === 0 ? 'null' : random.below(2) === 0 ? quote(random.pick(TEXTS)) : random.pick(WORDS);
  if (depth <= 0 || random.below(3) > 0) return variable !== '' && random.below(2) === 0 ? `${variable}/name` : leaf();
  return random.pick([
    () => `tolower(${inside()})`,
    () => `toupper(${inside()})`,
    () => `trim(${inside()})`,
    () => `concat(${inside()},${inside()})`,
    () => `substring(${inside()},${random.below(3)})`,
    () => `substring(${inside()},${random.below(3)},${random.below(3)})`,
  ])();
}

function momentOf(random: RandomSource): string {
  return random.pick([
    () => random.pick(DATES),
    (): string => random.pick(MOMENTS),
    () => random.pick(['2026-01-01T05:30:00+05:30', '2026-01-01T00:00:00.00000001Z', '2024-02-29T12:34:56.789Z']),
    (): string => 'now()',
  ])();
}

function numberOf(random: RandomSource, variable: string): string {
  return random.pick([
    () => random.pick(['errorInfo/code', 'errorInfo/subcode']),
    () => random.pick(['0', '1', '-1', '2.5', '1e1', '2026', 'INF', 'NaN']),
    () => `length(${textOf(random, 1, variable)})`,
    () => `indexof(${textOf(random, 1, variable)},${textOf(random, 1, variable)})`,
    () => `${random.pick(['year', 'month', 'day', 'hour', 'minute', 'second'])}(${momentOf(random)})`,
  ])();
}

const operator = (random: RandomSource): string => random.pick(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

function comparisonOf(random: RandomSource, variable: string): string {
  const text = (): string => textOf(random, 2, variable);
  return random.pick([
    () => `${text()} ${operator(random)} ${text()}`,
    () => `${numberOf(random, variable)} ${operator(random)} ${numberOf(random, variable)}`,
    () => `${momentOf(random)} ${operator(random)} ${momentOf(random)}`,
    () => `date(${momentOf(random)}) ${operator(random)} ${random.pick(['2026-01-01', '2024-02-29', 'null'])}`,
    () => `${random.pick(['startswith', 'endswith', 'contains'])}(${text()},${text()})`,
    () => `${random.pick(WORDS)} in (${quote(random.pick(TEXTS))},${random.pick(['null', "'a'", "'ab'"])})`,
    () => `status ${random.pick(['eq', 'ne', 'has'])} ${quote(random.pick(STATUS))}`,
    () => `microsoft.graph.operationStatus${quote(random.pick(STATUS))} eq status`,
    () => `enforcement/state ne ${random.pick(STATES)}`,
    () => random.pick(['true', 'false', 'null eq null', 'null ne null']),
  ])();
}

/** A filter of valid types. Every operator, function, kind of literal that is served, lambda and null comes up. */
export function randomFilter(random: RandomSource, depth = 3, variable = ''): string {
  const inside = (): string => randomFilter(random, depth - 1, variable);
  if (depth <= 0) return comparisonOf(random, variable);
  return random.pick([
    () => comparisonOf(random, variable),
    (): string => `(${inside()}) and (${inside()})`,
    () => `(${inside()}) or (${inside()})`,
    () => `not (${inside()})`,
    (): string => `parameters/any()`,
    () => `parameters/${random.pick(['any', 'all'])}(p${depth}:${randomFilter(random, depth - 1, `p${depth}`)})`,
    () => `states/${random.pick(['any', 'all'])}(s${depth}:s${depth}/status ${random.pick(['eq', 'ne'])} 'Running')`,
  ])();
}

/** An entity as `/beta` gives it, with nulls and without `errorInfo` now and then. */
export function randomEntity(random: RandomSource): Record<string, unknown> {
  const text = (): string | null => (random.below(4) === 0 ? null : random.pick(TEXTS));
  const moment = (): string | null => (random.below(4) === 0 ? null : random.pick(MOMENTS));
  const many = <Item>(make: () => Item): Item[] => Array.from({ length: random.below(3) }, make);
  return {
    ...{
      id: 'i',
      name: text(),
      user: text(),
      actionReason: text(),
      clientContext: text(),
      status: random.pick(STATUS),
    },
    ...{ completedDateTime: moment(), createdDateTime: random.pick(MOMENTS), lastActionDateTime: moment() },
    parameters: many(() => ({ name: random.pick(TEXTS), value: random.pick(TEXTS) })),
    states: many(() => ({
      appId: text(),
      user: text(),
      status: random.pick([...STATUS, null]),
      updatedDateTime: moment(),
    })),
    vendorInformation: random.below(3) === 0 ? null : { provider: text() },
    enforcement: { state: random.pick(STATES), expirationDateTime: moment() },
    ...(random.below(2) === 0 ? {} : { errorInfo: { code: random.below(3), message: random.pick(TEXTS), subcode: 0 } }),
  };
}
