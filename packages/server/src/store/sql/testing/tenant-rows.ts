import type pg from 'pg';

/** Every argument and every column that is not named here is 1, or the text '1'. */
const ARGUMENTS: Readonly<Record<string, unknown>> = {
  limit: 10,
  now: 1e12,
  until: 1e12,
  before: 1e12,
  after: 0,
  since: 0,
  sequence: 0,
  from: '0',
  to: 'z',
  most: 5,
  kept: 0,
  keep: 0,
  chunk: 0,
  words: [['1']],
  search: { kind: 'phrase', words: ['1'] },
  among: '["1","2"]',
  slots: '[1]',
};

/** What an insert must not find there already. */
const NEW = { id: 'new', key_hash: 'new', target: 'new', slot: 7, sequence: 7 };
const BY_NAME: readonly (readonly [RegExp, Readonly<Record<string, unknown>>])[] = [
  [/^overActions$/, { after: '0', before: 'z' }],
  [/^(insert|write\d*(Of)?Journal)/, NEW],
  [/(After|^straysAt)$/, { id: '0', action: '', target: '', created_at: 'z', enforcement_id: '' }],
  [/Before$/, { id: 'z' }],
  [/^(keptOrder|wakeFeedEntries)$/, { now: 0 }],
  [/^savePastEffect$/, { released_at: 7 }],
  [/^saveDelivery$/, { state: 'failed' }],
];

/** Arguments by which a statement meets the rows of {@link fillTenant}, of whatever tenant. */
export function argumentsOf(name: string): Readonly<Record<string, unknown>> {
  const own = Object.assign({}, ...BY_NAME.filter(([names]) => names.test(name)).map(([, values]) => values));
  return new Proxy({ ...ARGUMENTS, ...own }, { get: (known, key) => known[String(key)] ?? 1 });
}

type Values = Readonly<Record<string, unknown>>;

/** Of each table three rows: most questions are about the first. */
const ROWS: Readonly<Record<string, readonly Values[]>> = {
  action: [{ hold: 'active', state: 'drifted' }, { hold: 'ended', state: 'scheduled' }, { provider: null }],
  enforcement: [
    { known: 'inForce', release_failed: 0, lease_owner: null },
    { known: 'unknown', release_failed: 0, holds: 0, abandoned: 2 },
    { known: 'unknown', release_failed: 0, lease_owner: null, lane: 0 },
  ],
  delivery: [{ kind: 'change' }, { kind: 'change', next_at: null }],
  subscription: [{ is_removed: 0, delivery_id: null }],
  kept_order: [{ chunk: 0 }],
  dispatch_pause: [{ until: null }],
};
/** Columns that keys are made of. */
const KEYS = ['id', 'target', 'key_hash', 'sequence', 'slot', 'chunk'];

export interface TableColumns {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** Every table of the schema that has a tenant, as the database knows it: a new one is there by itself. */
export async function readTables(client: pg.ClientBase): Promise<readonly TableColumns[]> {
  const { rows } = await client.query<{ table: string; columns: TableColumns['columns'] }>(
    `select table_name as table, json_agg(json_build_object('name', column_name, 'type', data_type)) as columns
     from information_schema.columns where table_schema = 'interdict' group by table_name
     having bool_or(column_name = 'tenant_id') order by table_name`,
  );
  return rows;
}

function columnValue(values: Values, key: number, { name, type }: TableColumns['columns'][number]): unknown {
  if (Object.hasOwn(values, name)) return values[name];
  if (type === 'tsvector') return `'1':1`;
  return KEYS.includes(name) ? key : 1;
}

/** Puts rows into each of the tables. `crossed`: each with what another one has. */
export async function fillTenant(
  client: pg.ClientBase,
  tenantId: string,
  tables: readonly TableColumns[],
  crossed = false,
): Promise<void> {
  for (const { table, columns } of tables) {
    const names = columns.map(({ name }) => name);
    const places = names.map((_, index) => `$${index + 1}`);
    const insert = `insert into interdict.${table} (${names.join(', ')}) values (${places.join(', ')})
      on conflict do nothing`;
    for (const [index, key] of [1, 2, 3].entries()) {
      const row = { ...ROWS[table]?.[crossed ? 2 - index : index], tenant_id: tenantId };
      await client.query(
        insert,
        columns.map((column) => columnValue(row, key, column)),
      );
    }
  }
}

/** All rows of a tenant in all tables, as one text. */
export const pictureOf = (tenantId: string, tables: readonly TableColumns[]): string =>
  tables
    .map(
      ({ table }) => `select '${table}' as name, string_agg(t::text, '|' order by t::text) as rows
        from interdict.${table} t where tenant_id = '${tenantId}'`,
    )
    .join(' union all ');
