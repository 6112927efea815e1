import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rewritePath } from './rewrite-path.ts';

const ACTIONS = '/security/securityActions';

describe('a path', () => {
  it.each([
    ['/', 'none', '/'],
    ['', 'none', '/'],
    ['/beta', 'beta', '/'],
    ['/BETA/', 'beta', '/'],
    ['/v1.0/security/securityActions', 'v1.0', ACTIONS],
    ['/LocalTest/Security/SecurityActions', 'localtest', '/Security/SecurityActions'],
    ['/security/securityActions', 'none', ACTIONS],
    ['/beta/security/securityActions/', 'beta', ACTIONS],
    ['//beta///security//securityActions', 'beta', ACTIONS],
    [`/beta${ACTIONS}('x')`, 'beta', `${ACTIONS}/x`],
    [`/beta${ACTIONS}('it''s')`, 'beta', `${ACTIONS}/it's`],
    [`/beta${ACTIONS}('x')/microsoft.graph.cancelSecurityAction`, 'beta', `${ACTIONS}/x/cancelSecurityAction`],
    [`/beta${ACTIONS}/x/MICROSOFT.GRAPH.cancelSecurityAction`, 'beta', `${ACTIONS}/x/cancelSecurityAction`],
    [`/beta${ACTIONS}%28%27x%27%29`, 'beta', `${ACTIONS}/x`],
    [`/beta${ACTIONS}/%24count`, 'beta', `${ACTIONS}/$count`],
    ['/%62eta/security/%73ecurityActions', 'beta', ACTIONS],
    ['https://graph.microsoft.com/localtest/Security/securityActions', 'localtest', '/Security/securityActions'],
    ['HTTP://a:1/beta', 'beta', '/'],
    ['http://graph.microsoft.com', 'none', '/'],
    ['/beta/$batch', 'beta', '/$batch'],
    ['/beta/subscriptions/x', 'beta', '/subscriptions/x'],
    ['/beta/$metadata', 'beta', '/$metadata'],
  ] as const)('%s is, on the root %s, %s', (requested, root, url) => {
    expect(rewritePath(requested)).toEqual({ root, url });
  });

  it.each([
    ['/beta/healthz', 'a version has no such thing'],
    ['/beta/feeds/blocklist/ip.txt', 'a version has no such thing'],
    ['/beta2/security/securityActions', 'it is no version'],
    ['/v1x0/security/securityActions', 'it is no version'],
    ['/betasecurity/securityActions', 'it is no version'],
    ['/api/beta/security/securityActions', 'a version stands at the front'],
    ['/beta%2Fsecurity/securityActions', 'a slash that is escaped is none'],
    ['/beta/securityx', 'it is another word'],
  ])('%s has no version: %s', (requested) => {
    expect(rewritePath(requested)).toEqual({ root: 'none', url: requested });
  });

  it.each([
    [`${ACTIONS}/a%2Fb`],
    [`${ACTIONS}/a%00b`],
    [`${ACTIONS}/%C3%A9`],
    [`${ACTIONS}/%zz`],
    [`${ACTIONS}/microsoft.graph.`],
    [`${ACTIONS}/microsoft.graph.a.b`],
    [`${ACTIONS}('')`],
    [`${ACTIONS}('a'b')`],
    [`${ACTIONS}(x)`],
    [`${ACTIONS}/stream()`],
    [`${ACTIONS}/delta(x)`],
  ])('%s stays as it is', (requested) => {
    expect(rewritePath(requested).url).toBe(requested);
  });

  it.each(['delta', 'delta()', 'microsoft.graph.delta', 'Microsoft.Graph.delta()', 'delta%28%29'])(
    '%s is delta',
    (name) => {
      expect(rewritePath(`/beta${ACTIONS}/${name}?x=()`).url).toBe(`${ACTIONS}/delta?x=()`);
    },
  );

  it('leaves the query as it was sent', () => {
    const query = "?$filter=name%20eq%20'//beta'&x=%2F?('y')//";
    expect(rewritePath(`/beta//security/securityActions${query}`).url).toBe(`${ACTIONS}${query}`);
    expect(rewritePath(`/beta?`).url).toBe('/?');
  });

  it('is one path however many of its letters are escaped', () => {
    const escaped = (text: string, mask: readonly boolean[]): string =>
      text.replace(/[\w.$]/g, (letter, at: number) =>
        mask[at % mask.length] ? `%${letter.charCodeAt(0).toString(16)}` : letter,
      );
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), (mask) => {
        for (const path of [
          `/v1.0${ACTIONS}/$count`,
          `/beta${ACTIONS}/Some-id_1.2/microsoft.graph.cancelSecurityAction`,
        ]) {
          expect(rewritePath(escaped(path, mask))).toEqual(rewritePath(path));
        }
      }),
    );
  });
});
