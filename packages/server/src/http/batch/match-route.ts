import { Refusal } from '../../errors.ts';
import { withImplied } from '../allowed-methods.ts';
import type { Route } from '../route.ts';
import { unknownPath, wrongMethod } from '../serve.ts';

export interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the operation of a canonical path. @throws {Refusal} notFound, methodNotAllowed, uriTooLong, invalidProperty */
export type MatchRoute = (method: string, path: string) => Matched;

const LONGEST_SEGMENT = 200;

interface Row {
  readonly path: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly byMethod: ReadonlyMap<string, Route>;
}

function toRow([path, routes]: readonly [string, readonly Route[]]): Row {
  const pattern = path.replace(/[$.]/g, '\\$&').replace(/:\w+/g, '([^/]+)');
  return {
    path,
    pattern: new RegExp(`^${pattern}$`, 'i'),
    names: [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name),
    byMethod: new Map(routes.map((route) => [route.method, route])),
  };
}

function decode(segment: string): string {
  if (segment.length > LONGEST_SEGMENT) {
    throw new Refusal('uriTooLong', `A segment of the path is longer than ${LONGEST_SEGMENT} characters.`);
  }
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal('badRequest', 'The path has a broken percent escape.', {
      inner: 'invalidProperty',
      target: 'url',
    });
  }
}

const allowedBy = ({ byMethod }: Row): readonly string[] => withImplied([...byMethod.keys()]);

/** As a request by itself: anybody may ask which methods a path has. */
const optionsOf = (row: Row): Route => ({
  method: 'GET',
  path: row.path,
  permission: 'anyone',
  offers: 'own',
  about: { summary: 'Which methods a path has', answers: { 204: 'They stand in Allow.' } },
  handle: async () => ({ status: 204, headers: { Allow: allowedBy(row).join(', ') } }),
});

/** The route table as the router of real requests reads it: of two paths that fit, the one with fewer parameters. */
export function readMatcher(routes: readonly Route[]): MatchRoute {
  const rows = [...Map.groupBy(routes, ({ path }) => path)]
    .map(toRow)
    .toSorted((one, other) => one.names.length - other.names.length);
  return (method, path) => {
    const row = rows.find(({ pattern }) => pattern.test(path));
    const values = row?.pattern.exec(path)?.slice(1).map(decode);
    if (!row || !values) {
      for (const segment of path.split('/')) decode(segment);
      throw unknownPath();
    }
    const served = method === 'HEAD' ? 'GET' : method;
    const route = method === 'OPTIONS' ? optionsOf(row) : row.byMethod.get(served);
    if (!route) throw wrongMethod(method, allowedBy(row));
    return { route, params: Object.fromEntries(row.names.map((name, index) => [name, values[index] ?? ''])) };
  };
}
