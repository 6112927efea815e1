import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { queries } from '../queries.ts';
import { postgresDialect } from './dialect.ts';
import { connectionOptions } from './postgres-connection.ts';
import { GROUP_TEXTS } from './postgres-group.ts';
import { openPostgresStore } from './postgres-store.ts';
import { prepareAll } from './prepare.ts';
import { allStatements } from './statements/all-statements.ts';
import { allWalks } from './testing/all-walks.ts';
import { boundTables, tablesOf, withoutPredicates } from './testing/tenant-places.ts';
import { argumentsOf, fillTenant, pictureOf, readTables, type TableColumns } from './testing/tenant-rows.ts';

const MINE = 'tenant-a';
const THEIRS = 'tenant-b';

interface Asked {
  readonly name: string;
  readonly sql: string;
  readonly values: (tenantId: string) => unknown[];
}

const entries = (many: number): readonly unknown[] =>
  Array.from({ length: many }, (_, index) => [7 + index, '1', '1', 'created', '1', '1']).flat();

const groupValues: Readonly<Record<keyof typeof GROUP_TEXTS, readonly unknown[]>> = {
  addTenant: [],
  lockTenant: [],
  writeTenant: [5, 5, 5, 5],
  writeJournal: entries(1),
  write8OfJournal: entries(8),
  write32OfJournal: entries(32),
};

/** All that a process says to PostgreSQL about rows of one tenant. */
const statements: readonly Asked[] = [
  ...[...prepareAll(postgresDialect, allStatements).values()].map(({ name, sql, bind }) => ({
    name,
    sql,
    values: (tenantId: string) => bind(tenantId, argumentsOf(name)),
  })),
  ...allWalks(postgresDialect).map(({ name, prepared, args }) => ({
    name,
    sql: prepared.sql,
    values: (tenantId: string) => prepared.bind(tenantId, args),
  })),
  ...(Object.keys(groupValues) as (keyof typeof GROUP_TEXTS)[]).map((name) => ({
    name,
    sql: GROUP_TEXTS[name],
    values: (tenantId: string) => [tenantId, ...groupValues[name]],
  })),
];

/** A statement that forgets whose rows it is about: it names no tenant at some place, or another one at all of them. */
interface Mutant extends Asked {
  readonly of: Asked;
  readonly tenantId: string;
}

const mutants: readonly Mutant[] = statements.flatMap((of) => [
  ...withoutPredicates(of.sql).map((sql, index) => ({ ...of, of, sql, name: `${of.name} ${index}`, tenantId: MINE })),
  { ...of, of, name: `${of.name} of another`, tenantId: THEIRS },
]);

/** What is there of the tenant that asks: a row of its own may lead to another's. */
const WORLDS = [
  'nothing',
  'all',
  'all crossed',
  'no action',
  'no enforcement',
  'no journal',
  'no subscription',
] as const;

/**
 * What reaches nothing of another's by itself. Some choose among ids, and a second predicate says whose; others find at
 * another tenant what they would have made there; the search for words binds the tenant a second time in its function.
 */
const REACHES_NOTHING =
  /^(walk (4|10) entities.* [012]|(prune|delete|due)Deliveries [12]|pruneUsedKeys 1|wakeFeedEntries 1|(un)?markSubscribed of another|addTenant of another|wordsFound of another)$/;

type Role = 'interdict_app' | 'tester';

interface Outcome {
  readonly rows: readonly string[];
  readonly theirs?: string | undefined;
  readonly mine?: string | undefined;
}

const NOT_ALLOWED = '42501';
const NOT_UNIQUE = '23505';

type World = (typeof WORLDS)[number];

describe.skipIf(!requirement('postgres18').ok)('row-level security', () => {
  let server: TestPostgres;
  let client: pg.Client;
  let tables: readonly TableColumns[];

  beforeAll(async () => {
    server = await startPostgres('18');
    await (await openPostgresStore({ url: server.url, units: [], facts: {} })).close();
    client = new pg.Client(connectionOptions(server.url));
    await client.connect();
    tables = await readTables(client);
  }, 60_000);
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  async function fill(world: World): Promise<void> {
    await client.query(`truncate ${tables.map(({ table }) => table).join(', ')}`);
    await fillTenant(client, THEIRS, tables);
    if (world === 'nothing') return;
    const mine = tables.filter(({ table }) => world !== `no ${table}`);
    await fillTenant(client, MINE, mine, world === 'all crossed');
  }

  /** What a statement gave and left behind, as tenant A. What the database refuses gives nothing. */
  async function outcome({ name, sql, values }: Asked, tenantId: string, role: Role): Promise<Outcome | undefined> {
    const bind = `set local role ${role}; set local interdict.tenant = '${MINE}'`;
    await client.query(`rollback; begin; ${bind}`);
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql, values(tenantId));
      const pictures = [THEIRS, MINE].map((tenant) => pictureOf(tenant, tables)).join('; ');
      const left = (await client.query(`reset role; ${pictures}`)) as unknown as pg.QueryResult[];
      const [theirs, mine] = left.slice(1).map((found) => JSON.stringify(found.rows));
      // The database's clock stands in no row.
      return { rows: rows.map((row) => JSON.stringify({ ...row, now: 0 })).sort(), theirs, mine };
    } catch (error) {
      const { code } = error as pg.DatabaseError;
      if (code === NOT_ALLOWED || code === NOT_UNIQUE) return undefined;
      throw new Error(`${name}: ${sql}`, { cause: error });
    }
  }

  /** Whether a mutant gives or leaves behind anything else than the statement itself. */
  async function leaksAs(role: Role, mutant: Mutant, right: Outcome): Promise<boolean> {
    const seen = await outcome(mutant, mutant.tenantId, role);
    if (!seen) return false;
    const looked = mutant.tenantId === THEIRS ? { ...seen, mine: right.mine } : seen;
    return !isDeepStrictEqual(looked, right);
  }

  async function leaksIn(world: World, role: Role, found: Set<string>): Promise<void> {
    await fill(world);
    // What names its tenant once looks at nothing else on its way.
    const looking = statements.filter(({ sql }) => /^(nothing|all)$/.test(world) || boundTables(sql) > 1);
    for (const statement of looking) {
      const right = (await outcome(statement, MINE, 'tester')) ?? { rows: [] };
      // Where nothing is there of A, all that one finds who asks for B is B's.
      const own = mutants.filter(({ of, tenantId }) => of === statement && (tenantId === MINE || world === 'nothing'));
      for (const mutant of own) if (await leaksAs(role, mutant, right)) found.add(mutant.name);
    }
    await client.query('rollback');
  }

  async function leaks(role: Role): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const world of WORLDS) await leaksIn(world, role, found);
    return found;
  }

  it('has a mutant of every statement, and one for each place at which it names its tenant', () => {
    const names = new Set(tables.map(({ table }) => table));
    for (const { name, sql } of statements)
      expect(boundTables(sql), `${name}: ${sql}`).toBe(tablesOf(sql, names).length);
    expect(statements.length).toBeGreaterThan(Object.keys(queries).length);
  });

  it('gives and changes no row of another tenant when a statement forgets its own', async () => {
    expect([...(await leaks('interdict_app'))]).toEqual([]);
  }, 120_000);

  it('is what holds them: without it each of those statements reaches the other tenant', async () => {
    const leaking = await leaks('tester');
    const harmless = mutants.map(({ name }) => name).filter((name) => !leaking.has(name));
    expect(harmless.filter((name) => !REACHES_NOTHING.test(name))).toEqual([]);
    expect(leaking.size).toBeGreaterThan(0.85 * mutants.length);
  }, 120_000);
});
