import { isIP } from 'node:net';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { isPublicAddress } from '../http/public-address.ts';
import { Secret } from '../secret.ts';
import { TRAITS } from './traits.ts';

export interface DefenderConfig {
  readonly clientId: string;
  readonly secret: Secret;
  /** Of the API: an origin. */
  readonly url: URL;
  readonly tokenUrl: URL;
  /** Of the alert for what an indicator stops; absent: no alert. */
  readonly severity: string | undefined;
  readonly allowPrivate: boolean;
  /** Names of the actions that the operator lets it take: of others nothing is listed. */
  readonly actions: readonly string[];
}

const GUID = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
const DEFAULT_URL = 'https://api.security.microsoft.com';

export const configSchema: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    tenantId: {
      type: 'string',
      pattern: GUID,
      description: 'The Entra tenant whose devices Defender protects: a GUID.',
    },
    clientId: { type: 'string', pattern: GUID, description: 'The application in Entra that Interdict is: a GUID.' },
    secret: { description: 'A client secret of that application.' },
    url: { type: 'string', default: DEFAULT_URL, description: "Defender's API: an origin near the tenant's data." },
    tokenUrl: {
      type: 'string',
      description: 'Where tokens are asked for; absent: login.microsoftonline.com, for the tenant.',
    },
    severity: {
      enum: ['Informational', 'Low', 'Medium', 'High'],
      description: 'What an indicator stops raises an alert of this severity; absent: none.',
    },
    allowPrivate: {
      type: 'boolean',
      default: false,
      description: 'Allows http:// and addresses that are not public: for tests.',
    },
  },
  required: ['tenantId', 'clientId', 'secret'],
  additionalProperties: false,
};

function parseUrl(key: string, text: unknown, allowPrivate: boolean): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new Error(`Defender's ${key} is no https URL.`);
  if (url.username || url.password || url.hash || url.search)
    throw new Error(`Defender's ${key} has a user name, a password, a query or a fragment.`);
  if (allowPrivate) return url;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:' || (isIP(host) !== 0 && !isPublicAddress(host))) {
    throw new Error(`Defender's ${key} is not https, or not public; set allowPrivate: true to allow it in tests.`);
  }
  return url;
}

function parseGuid(key: string, text: unknown): string {
  if (typeof text === 'string' && new RegExp(GUID).test(text)) return text.toLowerCase();
  throw new Error(`Defender's ${key} is no GUID: Entra shows it on the page of the app registration.`);
}

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig({ own, actions }: ProviderSettings): DefenderConfig {
  const allowPrivate = own.allowPrivate === true;
  const tenantId = parseGuid('tenantId', own.tenantId);
  if (!(own.secret instanceof Secret)) throw new Error('Defender needs a client secret of its application.');
  const url = parseUrl('url', own.url ?? DEFAULT_URL, allowPrivate);
  if (url.pathname !== '/') throw new Error("Defender's url has a path: give the origin alone, without /api.");
  return {
    clientId: parseGuid('clientId', own.clientId),
    secret: own.secret,
    url,
    tokenUrl: parseUrl(
      'tokenUrl',
      own.tokenUrl ?? `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      allowPrivate,
    ),
    severity: typeof own.severity === 'string' ? own.severity : undefined,
    allowPrivate,
    actions: actions ?? TRAITS.actions.map(({ name }) => name),
  };
}

/** Within one Entra tenant there is one indicator for a value, and one state of a device. */
export const exclusiveOf = ({ own }: ProviderSettings): string => `Defender of the tenant ${String(own.tenantId)}`;
