import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticate.ts';
import { expandIssuer, findIssuerFaults } from './issuer-faults.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { createHandClock } from './testing/hand-clock.ts';
import { PERSONAL, TENANT_A, TENANT_B } from './testing/token-bases.ts';

const ENTRA: IssuerSettings = {
  issuer: 'https://login.microsoftonline.com/{tid}/v2.0',
  audience: ['api://interdict'],
  tenants: [TENANT_A],
};
const OTHER: IssuerSettings = { issuer: 'https://id.example/realms/x', audience: ['interdict'], tenant: TENANT_A };
const { tenant: _, ...NO_TENANT } = OTHER;
const { tenants: __, ...NO_TENANTS } = ENTRA;

describe('the settings of an issuer', () => {
  it.each<[string, IssuerSettings]>([
    ['Entra v2 for named tenants', ENTRA],
    ['Entra v1', { ...ENTRA, issuer: 'https://sts.windows.net/{tid}/' }],
    ['Entra of one tenant', { ...NO_TENANTS, issuer: `https://login.microsoftonline.com/${TENANT_A}/v2.0` }],
    ['Entra in China', { ...ENTRA, issuer: 'https://login.partner.microsoftonline.cn/{tid}/v2.0' }],
    ['Entra with a user claim', { ...ENTRA, userClaim: 'email' }],
    ['tenants in upper case', { ...ENTRA, tenants: [TENANT_A.toUpperCase()] }],
    ['another issuer for one tenant', OTHER],
    ['another with a tenant claim', { ...NO_TENANT, tenantClaim: 'https://x/tenant' }],
    ['another with a tenant claim and allowed tenants', { ...NO_TENANT, tenantClaim: 't', tenants: [TENANT_A] }],
    ['another with a template', { ...NO_TENANT, issuer: 'https://{tid}.example/', tenants: [TENANT_A, TENANT_B] }],
    ['http on this machine', { ...OTHER, issuer: 'http://127.0.0.1:8080/realms/x', jwksUri: 'http://[::1]:1/keys' }],
    ['http on localhost', { ...OTHER, issuer: 'http://localhost/x' }],
    ['apps by the beginning of a claim', { ...OTHER, appOnlyWhen: { claim: 'a', startsWith: 'x' } }],
    ['apps by a claim that is true', { ...OTHER, appOnlyWhen: { claim: 'a', equals: false } }],
  ])('may be %s', (_name, settings) => {
    expect(findIssuerFaults([settings])).toEqual([]);
  });

  it.each<[string, IssuerSettings, string, RegExp]>([
    ['{tid} without tenants', NO_TENANTS, 'tenants', /name under "tenants"/],
    ['{tid} with no tenant', { ...ENTRA, tenants: [] }, 'tenants', /name under "tenants"/],
    ['a tenant that is no GUID', { ...ENTRA, tenants: ['contoso.example'] }, 'tenants', /no GUID/],
    ['a tenant twice', { ...ENTRA, tenants: [TENANT_A, TENANT_A.toUpperCase()] }, 'tenants', /twice/],
    ['the personal tenant', { ...ENTRA, tenants: [TENANT_A, PERSONAL.toUpperCase()] }, 'tenants', /personal accounts/],
    [
      'the personal issuer',
      { ...ENTRA, issuer: `https://login.microsoftonline.com/${PERSONAL}/v2.0` },
      'issuer',
      /personal/,
    ],
    ['the personal tenant elsewhere', { ...OTHER, tenant: PERSONAL }, 'tenant', /personal accounts/],
    ['common', { ...NO_TENANTS, issuer: 'https://login.microsoftonline.com/common/v2.0' }, 'issuer', /names no tenant/],
    ['consumers', { ...NO_TENANTS, issuer: 'https://sts.windows.net/consumers/' }, 'issuer', /names no tenant/],
    [
      'Entra without v2.0',
      { ...ENTRA, issuer: 'https://login.microsoftonline.com/{tid}' },
      'issuer',
      /writes its issuers/,
    ],
    [
      'Entra v1 without its slash',
      { ...ENTRA, issuer: 'https://sts.windows.net/{tid}' },
      'issuer',
      /writes its issuers/,
    ],
    ['Entra in capitals', { ...ENTRA, issuer: 'https://LOGIN.microsoftonline.com/{tid}/v2.0' }, 'issuer', /writes its/],
    ['Entra with a tenant claim', { ...ENTRA, tenantClaim: 'tid' }, 'tenantClaim', /say this themselves/],
    ['Entra with other scopes', { ...ENTRA, scopeClaim: 'x' }, 'scopeClaim', /say this themselves/],
    ['Entra with appOnlyWhen', { ...ENTRA, appOnlyWhen: { claim: 'a', equals: 'b' } }, 'appOnlyWhen', /themselves/],
    ['http elsewhere', { ...OTHER, issuer: 'http://id.example/x' }, 'issuer', /has to be an https address/],
    ['http to a name like loopback', { ...OTHER, issuer: 'http://127.0.0.1.example/x' }, 'issuer', /https/],
    ['keys over http elsewhere', { ...OTHER, jwksUri: 'http://10.0.0.1/keys' }, 'jwksUri', /has to be https/],
    ['keys from a file', { ...OTHER, jwksUri: 'file:///etc/keys' }, 'jwksUri', /has to be https/],
    ['a password in an address', { ...OTHER, jwksUri: 'https://a:b@x.example/' }, 'jwksUri', /has to be https/],
    ['no address', { ...OTHER, issuer: 'keycloak' }, 'issuer', /has to be an https address/],
    ['a query', { ...OTHER, issuer: 'https://id.example/?a=b' }, 'issuer', /query/],
    ['no audience', { ...OTHER, audience: [] }, 'audience', /at least one audience/],
    ['an empty audience', { ...OTHER, audience: ['x', ''] }, 'audience', /at least one audience/],
    ['no way to a tenant', NO_TENANT, 'tenant', /needs one way/],
    ['two ways to a tenant', { ...OTHER, tenantClaim: 't' }, 'tenant', /needs one way/],
    ['a tenant without form', { ...OTHER, tenant: 'acme' }, 'tenant', /no GUID/],
    ['tenants beside a tenant', { ...OTHER, tenants: [TENANT_A] }, 'tenants', /only for an issuer that holds/],
    ['{tid} in jwksUri alone', { ...OTHER, jwksUri: 'https://x.example/{tid}' }, 'jwksUri', /the issuer does not/],
    ['appOnlyWhen without a test', { ...OTHER, appOnlyWhen: { claim: 'a' } }, 'appOnlyWhen', /needs one of/],
    [
      'appOnlyWhen that always holds',
      { ...OTHER, appOnlyWhen: { claim: 'a', startsWith: '' } },
      'appOnlyWhen',
      /one of/,
    ],
    [
      'appOnlyWhen with two tests',
      { ...OTHER, appOnlyWhen: { claim: 'a', equals: 1, startsWith: 'x' } },
      'appOnlyWhen',
      /one of/,
    ],
    ['an empty claim name', { ...OTHER, rolesClaim: [] }, 'rolesClaim', /is empty/],
    ['appOnlyWhen of no claim', { ...OTHER, appOnlyWhen: { claim: '', equals: 'x' } }, 'appOnlyWhen', /names no claim/],
  ])('cannot be %s', (_name, settings, at, message) => {
    const faults = findIssuerFaults([OTHER, { ...settings, issuer: settings.issuer.replace('realms/x', 'realms/y') }]);
    expect(faults.map(({ path }) => path)).toContain(`issuers/1/${at}`);
    expect(faults.map((fault) => fault.message).join('\n')).toMatch(message);
    for (const fault of faults) expect(fault.message).toMatch(/^[^\n]+\.$/);
  });

  it('cannot name one issuer twice, template or not', () => {
    const single = { ...NO_TENANTS, issuer: `https://login.microsoftonline.com/${TENANT_A}/v2.0` };
    expect(findIssuerFaults([ENTRA, single])).toEqual([
      { path: 'issuers/1/issuer', message: expect.stringContaining('configured twice') },
    ]);
  });

  it('stand for one issuer a tenant, in lower case', () => {
    expect(expandIssuer({ ...ENTRA, tenants: [TENANT_A.toUpperCase(), TENANT_B] })).toEqual([
      `https://login.microsoftonline.com/${TENANT_A}/v2.0`,
      `https://login.microsoftonline.com/${TENANT_B}/v2.0`,
    ]);
  });

  it('make no authenticator while they contradict themselves', () => {
    expect(() => createAuthenticator({ issuers: [NO_TENANTS], clock: createHandClock() })).toThrow('issuers/0/tenants');
  });
});
