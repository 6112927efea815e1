/** `tenant_id` compared with an argument, or with that of another table of the statement. */
const PREDICATE = /(?:"\w+"\.)?"?\btenant_id"? = (\$\d+|"\w+"\."tenant_id"|\?)/g;

const TABLE = /\b(?:from|join|update|into) "?(\w+)"?/g;

/** The tables that a statement reads or writes, once for each time that it names one. */
export const tablesOf = (sql: string, tables: ReadonlySet<string>): readonly string[] =>
  [...sql.matchAll(TABLE)].map(([, name]) => name ?? '').filter((name) => tables.has(name));

/** How often a statement binds a table to a tenant; an insert does so by the row itself. */
export const boundTables = (sql: string): number =>
  [...sql.matchAll(PREDICATE)].length + (/^insert into "?\w+"? \("?tenant_id/.test(sql) ? 1 : 0);

/** The statement without its tenant predicates, each in turn, and without all of them. Arguments keep their places. */
export function withoutPredicates(sql: string): readonly string[] {
  const found = [...sql.matchAll(PREDICATE)];
  const nothing = (bound: string): string => (bound.startsWith('$') ? `${bound}::text is not null` : 'true');
  const inTurn = found.map(
    ({ index, 0: text, 1: bound = '' }) => sql.slice(0, index) + nothing(bound) + sql.slice(index + text.length),
  );
  const all = sql.replaceAll(PREDICATE, (_, bound: string) => nothing(bound));
  return found.length > 1 ? [...inTurn, all] : inTurn;
}
