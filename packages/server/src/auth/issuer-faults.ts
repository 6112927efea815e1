import { findEntraIssuer, isEntraHost } from './entra-issuer.ts';
import { PERSONAL_TENANT_ID, parseGuid } from './guid.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { parseKeyUrl } from './key-url.ts';

/** A contradiction in the configuration: where, as in `issuers/0/tenants`, and one sentence for the operator. */
export interface IssuerFault {
  readonly path: string;
  readonly message: string;
}

type Rule = (settings: IssuerSettings) => { readonly at: keyof IssuerSettings; readonly message: string } | undefined;

const TEMPLATE = '{tid}';
const SAMPLE_TENANT = '11111111-1111-1111-1111-111111111111';
const withSample = (text: string): string => text.replaceAll(TEMPLATE, SAMPLE_TENANT);
const isTemplate = ({ issuer }: IssuerSettings): boolean => issuer.includes(TEMPLATE);
const isEntra = ({ issuer }: IssuerSettings): boolean => isEntraHost(URL.parse(withSample(issuer))?.hostname ?? '');

const PERSONAL = `The tenant ${PERSONAL_TENANT_ID} holds Microsoft's personal accounts, which are always refused; remove it.`;

const issuerIsSafe: Rule = ({ issuer }) =>
  parseKeyUrl(withSample(issuer))
    ? undefined
    : { at: 'issuer', message: `The issuer "${issuer}" has to be an https address; http is for this machine only.` };

const issuerIsPlain: Rule = ({ issuer }) =>
  /[?#\s]/.test(issuer)
    ? { at: 'issuer', message: `The issuer "${issuer}" holds a query, a fragment or white space; an issuer has none.` }
    : undefined;

const entraFormIsKnown: Rule = (settings) =>
  isEntra(settings) && !findEntraIssuer(settings.issuer)
    ? {
        at: 'issuer',
        message: `Entra writes its issuers "https://login.microsoftonline.com/{tid}/v2.0" or "https://sts.windows.net/{tid}/", not "${settings.issuer}".`,
      }
    : undefined;

const entraNamesItsTenant: Rule = (settings) => {
  const entra = findEntraIssuer(settings.issuer);
  if (!entra || entra.tenant === TEMPLATE) return undefined;
  const tenant = parseGuid(entra.tenant);
  if (tenant === PERSONAL_TENANT_ID) return { at: 'issuer', message: PERSONAL };
  if (tenant !== undefined && tenant === entra.tenant) return undefined;
  return {
    at: 'issuer',
    message: `"${entra.tenant}" names no tenant: write the tenant's lower-case GUID there, or {tid} and the GUIDs under "tenants".`,
  };
};

const audienceIsGiven: Rule = ({ audience }) =>
  audience.length > 0 && audience.every((value) => value !== '' && value.trim() === value)
    ? undefined
    : { at: 'audience', message: 'Name at least one audience, as tokens for this server carry it in "aud".' };

const templateHasTenants: Rule = (settings) =>
  isTemplate(settings) && !settings.tenants?.length
    ? { at: 'tenants', message: 'The issuer holds {tid}: name under "tenants" the tenants that it stands for.' }
    : undefined;

const tenantsAreGuids: Rule = ({ tenants }) => {
  const wrong = tenants?.find((tenant) => parseGuid(tenant) === undefined);
  return wrong === undefined ? undefined : { at: 'tenants', message: `The tenant "${wrong}" is no GUID.` };
};

const tenantsDiffer: Rule = ({ tenants = [] }) =>
  new Set(tenants.map((tenant) => tenant.toLowerCase())).size < tenants.length
    ? { at: 'tenants', message: 'One tenant is named twice.' }
    : undefined;

const tenantsAreUsed: Rule = (settings) => {
  if (settings.tenants === undefined || isTemplate(settings)) return undefined;
  if (settings.tenantClaim !== undefined && settings.tenants.length > 0) return undefined;
  return {
    at: 'tenants',
    message: 'Tenants can be named only for an issuer that holds {tid}, or beside a "tenantClaim".',
  };
};

const nobodyIsPersonal: Rule = ({ tenants = [], tenant }) => {
  const isPersonal = (value: string | undefined): boolean => value?.toLowerCase() === PERSONAL_TENANT_ID;
  if (isPersonal(tenant)) return { at: 'tenant', message: PERSONAL };
  return tenants.some(isPersonal) ? { at: 'tenants', message: PERSONAL } : undefined;
};

const jwksUriIsSafe: Rule = ({ jwksUri }) =>
  jwksUri === undefined || parseKeyUrl(withSample(jwksUri))
    ? undefined
    : { at: 'jwksUri', message: `The keys' address "${jwksUri}" has to be https; http is for this machine only.` };

const jwksUriFitsIssuer: Rule = (settings) =>
  settings.jwksUri?.includes(TEMPLATE) && !isTemplate(settings)
    ? { at: 'jwksUri', message: '"jwksUri" holds {tid} but the issuer does not.' }
    : undefined;

const tenantIsKnown: Rule = (settings) => {
  if (isEntra(settings)) return undefined;
  const ways = [settings.tenant, settings.tenantClaim, isTemplate(settings) || undefined];
  if (ways.filter((way) => way !== undefined).length === 1) return undefined;
  return {
    at: 'tenant',
    message:
      'An issuer that is not Entra needs one way to a caller\'s tenant: "tenant" for all of them, or "tenantClaim".',
  };
};

const tenantIsGuid: Rule = ({ tenant }) =>
  tenant === undefined || parseGuid(tenant)
    ? undefined
    : { at: 'tenant', message: `The tenant "${tenant}" is no GUID.` };

const ENTRA_KNOWS = ['tenant', 'tenantClaim', 'rolesClaim', 'scopeClaim', 'appIdClaim', 'appOnlyWhen'] as const;

const entraClaimsAreFixed: Rule = (settings) => {
  const named = isEntra(settings) ? ENTRA_KNOWS.find((name) => settings[name] !== undefined) : undefined;
  if (named === undefined) return undefined;
  return { at: named, message: `Entra's tokens say this themselves, in claims that are fixed: remove "${named}".` };
};

const appOnlyHasOneTest: Rule = ({ appOnlyWhen }) => {
  if (!appOnlyWhen) return undefined;
  const tests = [appOnlyWhen.equals, appOnlyWhen.startsWith].filter((test) => test !== undefined && test !== '');
  if (tests.length === 1) return undefined;
  return { at: 'appOnlyWhen', message: '"appOnlyWhen" needs one of "equals" and "startsWith", and not an empty text.' };
};

const CLAIM_NAMES = ['tenantClaim', 'rolesClaim', 'scopeClaim', 'appIdClaim', 'userClaim'] as const;

const claimNamesAreFilled: Rule = (settings) => {
  const isEmpty = (name: string | readonly string[] | undefined): boolean =>
    name !== undefined && (name.length === 0 || (typeof name !== 'string' && name.includes('')));
  const empty = CLAIM_NAMES.find((name) => isEmpty(settings[name]));
  if (empty !== undefined) return { at: empty, message: `"${empty}" is empty; name a claim.` };
  if (!isEmpty(settings.appOnlyWhen?.claim)) return undefined;
  return { at: 'appOnlyWhen', message: '"appOnlyWhen" names no claim.' };
};

const RULES: readonly Rule[] = [
  issuerIsSafe,
  issuerIsPlain,
  entraFormIsKnown,
  entraNamesItsTenant,
  audienceIsGiven,
  templateHasTenants,
  tenantsAreGuids,
  tenantsDiffer,
  tenantsAreUsed,
  nobodyIsPersonal,
  jwksUriIsSafe,
  jwksUriFitsIssuer,
  tenantIsKnown,
  tenantIsGuid,
  entraClaimsAreFixed,
  appOnlyHasOneTest,
  claimNamesAreFilled,
];

/** The issuers, one by one, that `iss` may name: `{tid}` put in for each tenant. */
export const expandIssuer = ({ issuer, tenants = [] }: IssuerSettings): readonly string[] =>
  issuer.includes(TEMPLATE) ? tenants.map((tenant) => issuer.replaceAll(TEMPLATE, tenant.toLowerCase())) : [issuer];

function findRepeats(issuers: readonly IssuerSettings[]): readonly IssuerFault[] {
  const seen = new Set<string>();
  return issuers.flatMap((settings, index) => {
    const own = [...new Set(expandIssuer(settings))];
    const repeated = own.find((issuer) => seen.has(issuer));
    for (const issuer of own) seen.add(issuer);
    if (repeated === undefined) return [];
    return [{ path: `issuers/${index}/issuer`, message: `The issuer "${repeated}" is configured twice.` }];
  });
}

/** What contradicts itself in the configured issuers; none where the server may start with them. */
export function findIssuerFaults(issuers: readonly IssuerSettings[]): readonly IssuerFault[] {
  const single = issuers.flatMap((settings, index) =>
    RULES.flatMap((rule) => {
      const fault = rule(settings);
      return fault ? [{ path: `issuers/${index}/${fault.at}`, message: fault.message }] : [];
    }),
  );
  return [...single, ...findRepeats(issuers)];
}
