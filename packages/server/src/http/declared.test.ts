import { describe, expect, it } from 'vitest';
import { FILTERABLE } from '../odata/filter/filterable.ts';
import { SERVICE_MODEL } from '../odata/metadata/service-model.ts';
import { toJson } from '../odata/metadata/to-json.ts';
import { isServed, ROUTES } from './routes.ts';

interface Declared {
  readonly [name: string]: unknown;
  readonly $Kind?: string;
}
type Schema = Readonly<Record<string, Declared | readonly Declared[]>>;

const csdl = JSON.parse(JSON.stringify(toJson(SERVICE_MODEL))) as Readonly<Record<string, Schema>>;
const graph = csdl['microsoft.graph'] ?? {};
const security = graph.security as Declared;
const container = graph.GraphService as Declared;

/** Path of each set that is declared, with what is declared of it. */
const SETS: ReadonlyMap<string, Declared> = new Map([
  ...Object.entries(security)
    .filter(([, member]) => (member as Declared | undefined)?.$Kind === 'NavigationProperty')
    .map(([name, member]): [string, Declared] => [`/security/${name}`, member as Declared]),
  ...Object.entries(container)
    .filter(([, member]) => (member as Declared | undefined)?.$Collection === true)
    .map(([name, member]): [string, Declared] => [`/${name}`, member as Declared]),
]);

const pathsOfType = (type: string): string[] =>
  [...SETS].filter(([, { $Type }]) => $Type === type).map(([path]) => path);

/** Where an operation that is declared would have to be. */
const OPERATIONS = [...Object.entries(graph), ...Object.entries(csdl.interdict ?? {})].flatMap(([name, overloads]) =>
  Array.isArray(overloads)
    ? (overloads as readonly Declared[]).flatMap(({ $Kind, $Parameter }) => {
        const [{ $Type, $Collection } = {}] = $Parameter as readonly Declared[];
        const method = $Kind === 'Function' ? 'GET' : 'POST';
        if ($Type === 'graph.security') return [`${method} /security/${name}`];
        return pathsOfType(String($Type)).map((path) => `${method} ${path}${$Collection ? '' : '/:id'}/${name}`);
      })
    : [],
);

const served = new Map(ROUTES.filter(isServed).map((route) => [`${route.method} ${route.path}`, route]));
const has = (key: string): boolean => served.has(key);
const queryOf = (path: string): readonly string[] => served.get(`GET ${path}`)?.about.query ?? [];

/** What OData has no declaration for: references, counts and streams; what hangs on a type of Graph's own; and what is no
 * client's: agents have a protocol of their own. */
const UNDECLARED: readonly string[] = [
  'POST /security/securityActions/$ref',
  'GET /security/securityActions/$count',
  'GET /security/securityActions/stream',
  'POST /security/work/lease',
  'POST /security/work/renew',
  'POST /security/work/complete',
  'GET /subscriptions/:id/deliveries',
  'POST /subscriptions/:id/deliveries/:deliveryId/resend',
];

describe('$metadata and the route table', () => {
  it('declare the same sets and operations', () => {
    const bySet = [...SETS].flatMap(([path, capabilities]) => {
      const flag = (term: string, member: string): boolean =>
        (capabilities[`@Capabilities.${term}`] as Declared)[member] === true;
      const readable = capabilities['@Capabilities.ReadRestrictions'] as Declared;
      const byKey = (readable.ReadByKeyRestrictions as Declared | undefined)?.Readable ?? readable.Readable;
      return [
        [`GET ${path}`, readable.Readable === true],
        [`GET ${path}/:id`, byKey === true],
        [`POST ${path}`, flag('InsertRestrictions', 'Insertable')],
        [`PATCH ${path}/:id`, flag('UpdateRestrictions', 'Updatable')],
        [`DELETE ${path}/:id`, flag('DeleteRestrictions', 'Deletable')],
        [`GET ${path}/$count`, flag('CountRestrictions', 'Countable')],
        [`GET ${path}/delta`, flag('ChangeTracking', 'Supported')],
      ] as const;
    });
    expect(bySet.length).toBe(28);
    for (const [key, isDeclared] of bySet) expect([key, isDeclared]).toEqual([key, has(key)]);
    expect(OPERATIONS.filter((key) => !has(key))).toEqual([]);
    const declared = new Set([...bySet.filter(([, is]) => is).map(([key]) => key), ...OPERATIONS, ...UNDECLARED]);
    const ofService = [...served.keys()].filter((key) => /^\w+ \/(?:security|subscriptions)/.test(key));
    expect(ofService.filter((key) => !declared.has(key))).toEqual([]);
  });

  it.each([...SETS])('declare the same query options of %s', (path, capabilities) => {
    const of = (term: string): Declared => capabilities[`@Capabilities.${term}`] as Declared;
    const declared = {
      $count: of('CountRestrictions').Countable,
      $filter: of('FilterRestrictions').Filterable,
      $orderby: of('SortRestrictions').Sortable,
      $select: of('SelectSupport').Supported,
      $search: of('SearchRestrictions').Searchable,
      $top: of('TopSupported'),
      $skip: of('SkipSupported'),
      $expand: of('ExpandRestrictions').Expandable,
    };
    const understood = Object.fromEntries(Object.keys(declared).map((name) => [name, queryOf(path).includes(name)]));
    expect(declared).toEqual(understood);
  });

  it('say the same of what can be filtered and ordered by', () => {
    const sort = SETS.get('/security/securityActions')?.['@Capabilities.SortRestrictions'] as Declared;
    const properties = Object.entries({ ...(graph.entity as Declared), ...(graph.securityAction as Declared) })
      .filter(([name]) => !/^[$@]/.test(name))
      .map(([name]) => name);
    expect(properties.length).toBe(15);
    const orders = new Set(FILTERABLE.map(([path]) => path.split('/')[0]));
    expect(properties.filter((name) => !orders.has(name)).toSorted()).toEqual(
      (sort.NonSortableProperties as readonly string[]).toSorted(),
    );
  });
});
