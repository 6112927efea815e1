import { expect, it } from 'vitest';
import { loadKindOf } from '../load.ts';
import { ROUTES } from '../routes.ts';
import { answersOf } from './answers.ts';

const nameOf = ({ method, path }: { readonly method: string; readonly path: string }): string => `${method} ${path}`;

const describing = (status: string): readonly string[] =>
  ROUTES.filter((route) => status in answersOf(route)).map(nameOf);

it('tells of 429 and 503 wherever a request may be refused for what else there is to do', () => {
  const bounded = ROUTES.filter((route) => loadKindOf(route) !== undefined).map(nameOf);
  expect(bounded).toContain('POST /$batch');
  expect(bounded).toContain('DELETE /security/securityActions/:id');
  for (const status of ['429', '503']) expect(describing(status)).toEqual(expect.arrayContaining(bounded));
});

it('tells of no 429 where something is taken back or stopped', () => {
  for (const path of ['/security/securityActions/:id/cancelSecurityAction', '/security/stopDispatch']) {
    expect(describing('503')).toContain(`POST ${path}`);
    expect(describing('429')).not.toContain(`POST ${path}`);
  }
});
