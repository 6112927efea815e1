import type { Route } from './route.ts';

/** Methods that a path answers by its table, or undefined where there is no such path. */
export type AllowedMethods = (path: string) => readonly string[] | undefined;

/** What every path answers beside what its table says. */
export const withImplied = (methods: readonly string[]): readonly string[] =>
  methods.includes('GET') ? [...methods, 'HEAD', 'OPTIONS'] : [...methods, 'OPTIONS'];

const parametersIn = (path: string): number => path.split(':').length - 1;

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/[$.]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`, 'i');

/** Reads the route table as a router does: of two paths that fit, the one with fewer parameters is meant. */
export function readAllowedMethods(routes: readonly Route[]): AllowedMethods {
  const rows = [...Map.groupBy(routes, ({ path }) => path)]
    .toSorted(([one], [other]) => parametersIn(one) - parametersIn(other))
    .map(([path, siblings]) => ({
      pattern: patternOf(path),
      methods: withImplied(siblings.map(({ method }) => method)),
    }));
  return (path) => rows.find(({ pattern }) => pattern.test(path))?.methods;
}
