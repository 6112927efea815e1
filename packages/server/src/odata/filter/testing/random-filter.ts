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
/** Targets and actions. */
const ENFORCED = ['ip:203.0.113.9', 'ip:203.0.113.10', 'ip.block', 'user:\u{1f600}'] as const;
const STATES = ['pending', 'inForce', 'released'] as const;

const DATES = ['completedDateTime', 'createdDateTime', 'lastActionDateTime', 'enforcement/expirationDateTime'] as const;
const WORDS = [
  'name',
  'user',
  'actionReason',
  'appId',
  'azureTenantId',
  'clientContext',
  'id',
  'errorInfo/message',
  'vendorInformation/provider',
  'vendorInformation/providerVersion',
  'vendorInformation/subProvider',
  'vendorInformation/vendor',
  'enforcement/action',
  'enforcement/provider',
  'enforcement/target',
] as const;
const GUIDS = ['11111111-1111-4111-8111-111111111111', 'abcdef01-2345-4678-9abc-def012345678'] as const;

/** Texts among the members that a variable stands for: of parameters where it begins with p, of states with s. */
const textMember = (random: RandomSource, variable: string): string =>
  `${variable}/${random.pick(variable.startsWith('p') ? ['name', 'value'] : ['appId', 'user'])}`;
const isOfState = (variable: string): boolean => variable.startsWith('s');

function textOf(random: RandomSource, depth: number, variable: string): string {
  const inside = (): string => textOf(random, depth - 1, variable);
  const leaf = (): string =>
    random.below(8) === 0 ? 'null' : random.below(2) === 0 ? quote(random.pick(TEXTS)) : random.pick(WORDS);
  if (depth <= 0 || random.below(3) > 0)
    return variable !== '' && random.below(2) === 0 ? textMember(random, variable) : leaf();
  return random.pick([
    () => `tolower(${inside()})`,
    () => `toupper(${inside()})`,
    () => `trim(${inside()})`,
    () => `concat(${inside()},${inside()})`,
    () => `substring(${inside()},${random.below(3)})`,
    () => `substring(${inside()},${random.below(3)},${random.below(3)})`,
  ])();
}

function momentOf(random: RandomSource, variable: string): string {
  return random.pick([
    () => (isOfState(variable) ? `${variable}/updatedDateTime` : random.pick(DATES)),
    (): string => random.pick(DATES),
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
    () => `${random.pick(['year', 'month', 'day', 'hour', 'minute', 'second'])}(${momentOf(random, variable)})`,
  ])();
}

const operator = (random: RandomSource): string => random.pick(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

function comparisonOf(random: RandomSource, variable: string): string {
  const text = (): string => textOf(random, 2, variable);
  return random.pick([
    () => `${text()} ${operator(random)} ${text()}`,
    () => `${numberOf(random, variable)} ${operator(random)} ${numberOf(random, variable)}`,
    () => `${momentOf(random, variable)} ${operator(random)} ${momentOf(random, variable)}`,
    () =>
      `date(${momentOf(random, variable)}) ${operator(random)} ${random.pick(['2026-01-01', '2024-02-29', 'null'])}`,
    () => `${random.pick(['startswith', 'endswith', 'contains'])}(${text()},${text()})`,
    () => `${random.pick(WORDS)} in (${quote(random.pick(TEXTS))},${random.pick(['null', "'a'", "'ab'"])})`,
    () =>
      `${isOfState(variable) ? `${variable}/` : ''}status ${random.pick(['eq', 'ne', 'has'])} ${quote(random.pick(STATUS))}`,
    () =>
      `${random.pick(['status', 'null'])} ${random.pick(['eq', 'ne'])} ${isOfState(variable) ? `${variable}/status` : 'status'}`,
    () => `${random.pick(GUIDS)} ${operator(random)} ${random.pick(WORDS)}`,
    () => `id ${random.pick(['eq', 'ne'])} ${random.pick(GUIDS).toUpperCase()}`,
    () => `id in (${random.pick(GUIDS)},${quote(random.pick(GUIDS))})`,
    () =>
      `${random.pick(['enforcement/target', 'enforcement/action'])} ${operator(random)} ${quote(random.pick(ENFORCED))}`,
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
    (): string => `${random.pick(['parameters', 'states'])}/any()`,
    () => `parameters/${random.pick(['any', 'all'])}(p${depth}:${randomFilter(random, depth - 1, `p${depth}`)})`,
    () => `states/${random.pick(['any', 'all'])}(s${depth}:${randomFilter(random, depth - 1, `s${depth}`)})`,
  ])();
}

/** An entity as `/beta` gives it, with nulls and without `errorInfo` now and then. */
export function randomEntity(random: RandomSource): Record<string, unknown> {
  const text = (): string | null => (random.below(4) === 0 ? null : random.pick(TEXTS));
  const moment = (): string | null => (random.below(4) === 0 ? null : random.pick(MOMENTS));
  const many = <Item>(make: () => Item): Item[] => Array.from({ length: random.below(3) }, make);
  return {
    ...{
      id: random.pick(GUIDS),
      appId: text(),
      azureTenantId: text(),
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
    vendorInformation:
      random.below(3) === 0 ? null : { provider: text(), providerVersion: text(), subProvider: text(), vendor: text() },
    enforcement: {
      state: random.pick(STATES),
      expirationDateTime: moment(),
      action: random.pick([...ENFORCED, null]),
      provider: text(),
      target: random.pick([...ENFORCED, null]),
    },
    ...(random.below(2) === 0 ? {} : { errorInfo: { code: random.below(3), message: random.pick(TEXTS), subcode: 0 } }),
  };
}
