import { createHash } from 'node:crypto';
import { type Compilable, type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { PagePosition } from '../queries.ts';
import type { ActionWalk, WayColumn } from '../walk.ts';
import type { SqlDialect } from './dialect.ts';
import { anyArgument, type PreparedStatement, prepareOne, statementBuilder } from './prepare.ts';
import type { Database } from './schema.ts';
import { entities, entitiesAmong } from './statements/entity-statements.ts';

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

const inOrder = ({ isDescending }: Shape): 'asc' | 'desc' => (isDescending ? 'desc' : 'asc');

/** Within the bounds, and in order. */
function bounded<Query extends Found>(query: Query, shape: Shape): Query {
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
  const direction = inOrder(shape);
  return found.orderBy('action.created_at', direction).orderBy('action.id', direction).limit(limit) as Query;
}

function alongWay<Query extends Found>(query: Query, shape: Shape, way: number): Query {
  const [column, isNull] = shape.columns?.[way] ?? ['id', false];
  const along = isNull
    ? query.where(`action.${column}`, 'is', null)
    : query.where(`action.${column}`, '=', argument[`way${way}`] as never);
  return bounded(along as Query, shape);
}

const ids = (db: Kysely<Database>): Found =>
  db
    .selectFrom('action')
    .select(['action.id', 'action.created_at'])
    .where('action.tenant_id', '=', argument.tenant_id as string);

/** Each way is walked along its own index; an action that lies on several is found once. */
function alongWays(db: Kysely<Database>, shape: Shape): Found {
  const [first, ...rest] = (shape.columns ?? []).map((_, way) =>
    db.selectFrom(alongWay(ids(db), shape, way).as('way')).select(['way.id', 'way.created_at']),
  );
  if (!first) return bounded(ids(db), shape);
  const direction = inOrder(shape);
  return db
    .selectFrom(rest.reduce((all, one) => all.union(one), first).as('either'))
    .select(['either.id', 'either.created_at'])
    .orderBy('either.created_at', direction)
    .orderBy('either.id', direction)
    .limit(limit) as unknown as Found;
}

function found(db: Kysely<Database>, shape: Shape): Found {
  if (shape.columns?.length === 1) return alongWay(ids(db), shape, 0);
  return alongWays(db, shape);
}

function countText(db: Kysely<Database>, shape: Shape): Compilable {
  const place = sql<string>`found.created_at || found.id`;
  return db
    .selectFrom(found(db, shape).as('found'))
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      (shape.isDescending ? eb.fn.min(place) : eb.fn.max(place)).as('last'),
    ]);
}

function entityText(db: Kysely<Database>, shape: Shape): Compilable {
  const all = entities(db, argument.tenant_id as string) as unknown as Found;
  if (shape.columns === undefined) return bounded(all, shape);
  if (shape.columns.length === 1) return alongWay(all, shape, 0);
  const direction = inOrder(shape);
  return entities(db, argument.tenant_id as string)
    .innerJoin(alongWays(db, shape).as('found'), 'found.id', 'action.id')
    .orderBy('action.created_at', direction)
    .orderBy('action.id', direction);
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
  const bounds = { isDescending, isAmong, give };
  if (isAmong) return { ...bounds, columns: undefined, hasFrom: false, hasBefore: false, hasAfter: false };
  return {
    ...bounds,
    columns: walk.ways?.map(({ column, value }) => [column, value === null] as const),
    // Behind the last one of a walk lies nothing that the bound where it began would leave out.
    hasFrom: walk.from !== undefined && !(hasAfter && !isDescending),
    hasBefore: walk.before !== undefined && !(hasAfter && isDescending),
    hasAfter,
  };
}

const textOf = (db: Kysely<Database>, shape: Shape): Compilable =>
  shape.give === 'count' ? countText(db, shape) : entityText(db, shape);

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
  const text = shape.isAmong ? amongText(db, shape, dialect) : textOf(db, shape);
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
