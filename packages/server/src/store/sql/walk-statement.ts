import { createHash } from 'node:crypto';
import { type Compilable, type Kysely, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { PagePosition } from '../queries.ts';
import { type ActionWalk, INDEXED_STATES, type WayColumn } from '../walk.ts';
import type { SqlDialect } from './dialect.ts';
import { anyArgument, type PreparedStatement, prepareOne, statementBuilder } from './prepare.ts';
import type { Database } from './schema.ts';
import { entities, entitiesAmong, entitiesFound } from './statements/entity-statements.ts';

/** What a walk's statement gives: whole rows, or how many there are and where the last one stands. */
export type Given = 'entities' | 'count';

/** What tells one statement of a walk from another; the values are its arguments. */
interface Shape {
  readonly columns: readonly (readonly [WayColumn, isNull: boolean])[] | undefined;
  readonly isDescending: boolean;
  readonly hasFrom: boolean;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
  readonly isAmong: boolean;
  readonly give: Given;
}

type Found = SelectQueryBuilder<Database, 'action', { id: string; created_at: string }>;

/** Arguments by any name: the values come when the statement runs. */
const argument = anyArgument as unknown as Readonly<Record<string, string>>;
const limit = argument.limit as unknown as number;

const directionOf = ({ isDescending }: Shape): 'asc' | 'desc' => (isDescending ? 'desc' : 'asc');

/** Within the bounds. */
function bounds<Query extends Found>(query: Query, shape: Shape): Query {
  let found: Found = query;
  if (shape.hasFrom) found = found.where('action.created_at', '>=', argument.from as string);
  if (shape.hasBefore) found = found.where('action.created_at', '<', argument.before as string);
  if (shape.hasAfter) {
    found = found.where((eb) =>
      eb(
        eb.refTuple('action.created_at', 'action.id'),
        shape.isDescending ? '<' : '>',
        eb.tuple(eb.val(argument.created_at as string), eb.val(argument.id as string)),
      ),
    );
  }
  return found as Query;
}

function inOrder<Query extends Found>(query: Query, shape: Shape): Query {
  const direction = directionOf(shape);
  return query.orderBy('action.created_at', direction).orderBy('action.id', direction).limit(limit) as Query;
}

const bounded = <Query extends Found>(query: Query, shape: Shape): Query => inOrder(bounds(query, shape), shape);

/** As the index of states has it: no database finds out by itself that it holds all that an argument may ask for. */
const isIndexed = sql<SqlBool>`action.state in (${sql.join(INDEXED_STATES.map((state) => sql.lit(state)))})`;

function onWay<Query extends Found>(query: Query, shape: Shape, way: number, dialect: SqlDialect): Query {
  const [column, isNull] = shape.columns?.[way] ?? ['id', false];
  const own = sql.ref(`action.${column}`);
  const found = query.where(dialect.rarely(isNull ? sql`${own} is null` : sql`${own} = ${argument[`way${way}`]}`));
  return (column === 'state' ? found.where(isIndexed) : found) as Query;
}

const ids = (db: Kysely<Database>): Found =>
  db
    .selectFrom('action')
    .select(['action.id', 'action.created_at'])
    .where('action.tenant_id', '=', argument.tenant_id as string);

/** One way among several: by itself where the database merges them, else no further than is wanted of all together. */
function branch(db: Kysely<Database>, shape: Shape, way: number, dialect: SqlDialect): Found {
  if (dialect.mergesUnions) return onWay(bounds(ids(db), shape), shape, way, dialect);
  const few = inOrder(onWay(bounds(ids(db), shape), shape, way, dialect), shape).as('way');
  return db.selectFrom(few).select(['way.id', 'way.created_at']) as unknown as Found;
}

/** Each way is walked along its own index; an action that lies on several is found once. */
function alongWays(db: Kysely<Database>, shape: Shape, dialect: SqlDialect): Found {
  const [first, ...rest] = (shape.columns ?? []).map((_, way) => branch(db, shape, way, dialect));
  if (!first) return bounded(ids(db), shape);
  const direction = directionOf(shape);
  return rest
    .reduce((all, one) => all.union(one), first)
    .orderBy('created_at' as never, direction)
    .orderBy('id' as never, direction)
    .limit(limit);
}

function found(db: Kysely<Database>, shape: Shape, dialect: SqlDialect): Found {
  if (shape.columns?.length === 1) return bounded(onWay(ids(db), shape, 0, dialect), shape);
  return alongWays(db, shape, dialect);
}

function countText(db: Kysely<Database>, shape: Shape, dialect: SqlDialect): Compilable {
  const place = sql<string>`found.created_at || found.id`;
  return db
    .selectFrom(found(db, shape, dialect).as('found'))
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      (shape.isDescending ? eb.fn.min(place) : eb.fn.max(place)).as('last'),
    ]);
}

function entityText(db: Kysely<Database>, shape: Shape, dialect: SqlDialect): Compilable {
  const all = entities(db, argument.tenant_id as string) as unknown as Found;
  if (shape.columns === undefined) return bounded(all, shape);
  if (shape.columns.length === 1) return bounded(onWay(all, shape, 0, dialect), shape);
  const direction = directionOf(shape);
  return entitiesFound(db, argument.tenant_id as string, alongWays(db, shape, dialect))
    .orderBy('found.created_at' as never, direction)
    .orderBy('found.id' as never, direction);
}

/** Found by their ids first, then put in order. */
function amongText(db: Kysely<Database>, { isDescending }: Shape, dialect: SqlDialect): Compilable {
  const direction = isDescending ? 'desc' : 'asc';
  const among = entitiesAmong(db, argument.tenant_id as string, dialect.eachOf(argument.among)).limit(limit);
  return db
    .selectFrom(among.as('among'))
    .selectAll()
    .orderBy('among.created_at', direction)
    .orderBy('among.id', direction);
}

function shapeOf(walk: ActionWalk, hasAfter: boolean, give: Given): Shape {
  const { isDescending, among } = walk;
  const isAmong = among !== undefined;
  const base = { isDescending, isAmong, give };
  if (isAmong) return { ...base, columns: undefined, hasFrom: false, hasBefore: false, hasAfter: false };
  return {
    ...base,
    columns: walk.ways?.map(({ column, value }) => [column, value === null] as const),
    // Behind the last one of a walk lies nothing that the bound where it began would leave out.
    hasFrom: walk.from !== undefined && !(hasAfter && !isDescending),
    hasBefore: walk.before !== undefined && !(hasAfter && isDescending),
    hasAfter,
  };
}

const textOf = (db: Kysely<Database>, shape: Shape, dialect: SqlDialect): Compilable =>
  shape.give === 'count' ? countText(db, shape, dialect) : entityText(db, shape, dialect);

/** Statements of walks by their shape: building one costs more than running it. */
export interface WalkStatements {
  readonly dialect: SqlDialect;
  readonly known: Map<string, PreparedStatement>;
}

export const createWalkStatements = (dialect: SqlDialect): WalkStatements => ({ dialect, known: new Map() });

/** A hundred ways have many shapes: what nobody asked for lately is made again. */
const MOST_KNOWN = 200;

/** The statement of one step of a walk. */
export function walkStatement(
  { dialect, known }: WalkStatements,
  walk: ActionWalk,
  hasAfter: boolean,
  give: Given,
): PreparedStatement {
  const shape = shapeOf(walk, hasAfter, give);
  const key = JSON.stringify(shape);
  const present = known.get(key);
  if (present) return present;
  const oldest = known.keys().next();
  if (known.size >= MOST_KNOWN && !oldest.done) known.delete(oldest.value);
  const db = statementBuilder(dialect);
  const text = shape.isAmong ? amongText(db, shape, dialect) : textOf(db, shape, dialect);
  const name = `walk-${createHash('sha256').update(key).digest('base64url').slice(0, 22)}`;
  const made = prepareOne(dialect, name, text.compile());
  known.set(key, made);
  return made;
}

/** The arguments of a walk's statement, but for the tenant. */
export const walkArguments = (
  walk: ActionWalk,
  after: PagePosition | undefined,
  most: number,
): Readonly<Record<string, unknown>> => ({
  limit: most,
  from: walk.from,
  before: walk.before,
  among: walk.among && JSON.stringify(walk.among),
  created_at: after?.created_at,
  id: after?.id,
  ...Object.fromEntries((walk.ways ?? []).map(({ value }, way) => [`way${way}`, value])),
});
