import { readFileSync } from 'node:fs';
import type { JsonSchema } from '@interdict/contract';
import type { ProviderSettings } from '../connector-kind.ts';
import { secretsHider } from '../http/message.ts';
import { Secret } from '../secret.ts';

export type Profile = 'slpf' | 'pf' | 'er';

export interface Openc2Config {
  readonly url: URL;
  /** Host and port. */
  readonly host: string;
  readonly profile: Profile;
  readonly profileIn: 'actuator' | 'profile';
  /** HTTPS: the media type of the published generation. */
  readonly mediaType: string;
  readonly from: string;
  /** MQTT: who must answer; of one alone, commands go to its own topic. */
  readonly responders: readonly string[];
  readonly allowPrivate: boolean;
  readonly keepsTime: boolean;
  readonly deduplicates: boolean;
  /** PEM. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: Secret | undefined;
  readonly token: Secret | undefined;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  hideSecrets(text: string): string;
}

const text = (description: string): JsonSchema => ({ type: 'string', description });
const flag = (description: string, value: boolean): JsonSchema => ({ type: 'boolean', default: value, description });
const choice = (description: string, ...values: string[]): JsonSchema => ({ enum: values, description });

export const configSchema = {
  type: 'object',
  properties: {
    url: text('Where the consumer is: https://host[/path], or a broker of MQTT 5 as mqtts://host[:port].'),
    profile: choice('The actuator profile: slpf and pf filter packets, er is an endpoint.', 'slpf', 'pf', 'er'),
    profileIn: choice('Which key of a command names the profile; default: actuator.', 'actuator', 'profile'),
    messages: choice(
      'HTTPS: current is openc2+json and /.well-known/openc2, older is openc2-cmd+json and /.',
      'current',
      'older',
    ),
    from: text('What Interdict calls itself in messages; default: interdict.'),
    responders: {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,32}$' },
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
      description: 'MQTT: the consumers that must all answer each command, as they name themselves.',
    },
    ca: text('A file of PEM: an authority that is trusted beside those of the system.'),
    certificate: text('A file of PEM: the client certificate.'),
    key: { description: 'The private key of the client certificate, as PEM.' },
    token: { description: 'HTTPS: sent as a bearer token.' },
    user: text('MQTT: the user name at the broker.'),
    password: { description: 'MQTT: the password at the broker.' },
    keepsTime: flag('The consumer is told a duration: the end and an hour more.', false),
    deduplicates: flag('The consumer answers a repeated command_id again, and does it once.', true),
    allowPrivate: flag('Allows http://, mqtt:// and addresses that are not public.', false),
  },
  required: ['url', 'profile'],
  additionalProperties: false,
} satisfies JsonSchema;

/** Of 1,000 characters, without the operation. */
const NOTE_ROOM = 940;
/** A number of a rule and what stands around it. */
const NUMBER_ROOM = 15;

function parseUrl(value: unknown, own: ProviderSettings['own']): URL {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (!url || !['https:', 'http:', 'mqtts:', 'mqtt:'].includes(url.protocol) || !url.hostname) {
    throw new Error("The openc2 connector's url is neither an https nor an mqtts URL.");
  }
  if (url.username || url.password || url.hash || url.search) {
    throw new Error(
      "The openc2 connector's url has a user name, password, query or fragment; secrets have their own keys.",
    );
  }
  const isLoopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname);
  if (['http:', 'mqtt:'].includes(url.protocol) && !isLoopback && own.allowPrivate !== true) {
    throw new Error("The openc2 connector's url is not encrypted; set allowPrivate: true to allow it.");
  }
  const isMqtt = url.protocol.startsWith('mqtt');
  if (isMqtt !== (own.responders !== undefined)) {
    throw new Error('The openc2 connector needs responders with mqtts, and takes none with https.');
  }
  if (!isMqtt && url.pathname === '/' && own.messages !== 'older') url.pathname = '/.well-known/openc2';
  return url;
}

function readPem(file: unknown, what: string): string | undefined {
  if (typeof file !== 'string') return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`The openc2 connector cannot read its ${what} ${file}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

/** The numbers of all, of a rule and of the one that it replaces, are kept in one note. */
function checkResponders(responders: unknown): void {
  const names = (responders as readonly string[] | undefined) ?? [];
  const bytes = names.reduce((sum, name) => sum + JSON.stringify(name).length + NUMBER_ROOM, 0);
  if (2 * bytes <= NOTE_ROOM) return;
  throw new Error(
    `The openc2 connector cannot keep the numbers of ${names.length} responders: make several providers of them.`,
  );
}

const secretOf = (value: unknown): Secret | undefined => (value instanceof Secret ? value : undefined);

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig({ own }: ProviderSettings): Openc2Config {
  const url = parseUrl(own.url, own);
  const secrets = { key: secretOf(own.key), token: secretOf(own.token), password: secretOf(own.password) };
  if ((own.certificate === undefined) !== (secrets.key === undefined)) {
    throw new Error('The openc2 connector needs certificate and key together.');
  }
  const isLoopback = /^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  checkResponders(own.responders);
  return {
    url,
    host: url.host,
    profile: own.profile as Profile,
    profileIn: own.profileIn === 'profile' ? 'profile' : 'actuator',
    mediaType: `application/openc2${own.messages === 'older' ? '-cmd' : ''}+json;version=1.0`,
    from: typeof own.from === 'string' ? own.from : 'interdict',
    responders: (own.responders as readonly string[] | undefined) ?? [],
    allowPrivate: own.allowPrivate === true || isLoopback,
    keepsTime: own.keepsTime === true,
    deduplicates: own.deduplicates !== false,
    ca: readPem(own.ca, 'ca'),
    certificate: readPem(own.certificate, 'certificate'),
    user: typeof own.user === 'string' ? own.user : undefined,
    ...secrets,
    hideSecrets: secretsHider(Object.values(secrets).flatMap((secret) => secret?.reveal() ?? [])),
  };
}
