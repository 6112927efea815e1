import { expect, it } from 'vitest';
import { ROUTES } from '../routes.ts';
import { readMatcher } from './match-route.ts';

const match = readMatcher(ROUTES);

it('finds every route of the table, in any letter case, with its parameters as they are', () => {
  for (const route of ROUTES) {
    const found = match(
      route.method,
      route.path.replace(/\w+|:\w+/g, (word) => word.toUpperCase()).replace(/:\w+/g, 'aB%2Fc'),
    );
    expect(found.route).toBe(route);
    expect(new Set(Object.values(found.params))).toEqual(new Set(route.path.includes(':') ? ['aB/c'] : []));
  }
});

it('serves HEAD where there is a GET, and says what else there is', () => {
  expect(match('OPTIONS', '/security/securityActions/1111').route.path).toBe('/security/securityActions/:id');
  expect(match('HEAD', '/security/securityActions/$count').route.path).toBe('/security/securityActions/$count');
  expect(() => match('HEAD', '/$batch')).toThrow('What is: POST, OPTIONS.');
  expect(() => match('PUT', '/security/securityActions')).toThrow('What is: POST, GET, HEAD, OPTIONS.');
  expect(() => match('GET', '/security')).toThrow('nothing at this path');
});
