import type { ConnectorKind } from '@interdict/connectors';
import type { JsonSchema } from '@interdict/contract';

const text = (description: string): JsonSchema => ({ type: 'string', minLength: 1, description });
const flag = (description: string): JsonSchema => ({ type: 'boolean', description });
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description });
const guid = (description: string): JsonSchema => ({
  type: 'string',
  pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  description,
});
const duration = (description: string): JsonSchema => ({
  type: 'string',
  pattern: '^P(?=.)(\\d+D)?(T(?=.)(\\d+H)?(\\d+M)?(\\d+S)?)?$',
  description: `${description} ISO 8601, as in PT30S or P1DT12H.`,
});

const closed = (
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema => ({ type: 'object', description, additionalProperties: false, properties, required });

/** A secret never stands in the file: the file says where it lies. */
export const SECRET: JsonSchema = {
  ...closed('A secret, as { env: NAME } or { file: path }: never in the clear.', {
    env: text('The name of a variable of the environment.'),
    file: text('The path of a file, beside this one or absolute.'),
  }),
  minProperties: 1,
  maxProperties: 1,
};

const claim: JsonSchema = {
  description: 'A claim by name, or by its path as a list.',
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
  ],
};

const server = closed('How it is reached.', {
  publicUrl: text('An origin that links are built on, as in https://interdict.example; no path.'),
  address: text('Where https listens. Default: all addresses; with the local issuer always loopback.'),
  tls: closed('A certificate of your own; else one is made.', { cert: text('PEM file.'), key: text('PEM file.') }, [
    'cert',
    'key',
  ]),
  http: closed('Where http listens.', {
    address: text('Default 127.0.0.1; beyond loopback only behind named proxies.'),
    trustedProxies: list(text('An address.'), 'Proxies whose X-Forwarded-For is believed.'),
  }),
  cors: closed('Web pages of other origins that may call.', {
    origins: list(text('An origin, as in https://soc.example.'), 'Exactly these.'),
  }),
});

const perMinute = (description: string): JsonSchema => ({
  type: 'integer',
  minimum: 1,
  maximum: 1_000_000,
  description,
});

const productLimits = closed('What the product takes for one tenant: calls of every kind together.', {
  perMinute: perMinute('Calls in a minute; absent: as its connector says.'),
  perHour: perMinute('Calls in an hour; absent: as its connector says.'),
  concurrency: {
    type: 'integer',
    minimum: 1,
    maximum: 1_000,
    description: 'Calls at once of one process, all tenants together; absent: as its connector says.',
  },
});

const limits = closed('How much one application may ask of one process.', {
  requestsPerMinute: closed('Requests of one app and tenant in a minute; absent: any number.', {
    get: perMinute('GET and HEAD.'),
    post: perMinute('POST, but for cancels.'),
    patch: perMinute('PATCH.'),
  }),
});

const issuer = closed(
  'Who may issue tokens.',
  {
    issuer: text('As in the tokens; {tid} stands for each of tenants.'),
    audience: { ...list(text('An audience.'), 'What tokens for this server name in aud.'), minItems: 1 },
    tenants: list(guid('A tenant.'), 'Tenants that {tid} stands for, or that tenantClaim may name.'),
    jwksUri: text("Where the keys are, if the issuer's metadata does not say."),
    tenant: guid('The tenant of all its callers.'),
    tenantClaim: claim,
    rolesClaim: claim,
    scopeClaim: claim,
    appIdClaim: claim,
    userClaim: claim,
    appOnlyWhen: closed(
      'Which tokens are an application’s.',
      {
        claim,
        equals: { type: ['string', 'number', 'boolean'], description: 'What the claim is in them.' },
        startsWith: { type: 'string', description: 'How the text of the claim begins in them.' },
      },
      ['claim'],
    ),
  },
  ['issuer', 'audience'],
);

const protectedEntry = closed('What nobody may block.', {
  ips: list(text('An address or network.'), 'Addresses and networks.'),
  domains: list(text('A domain.'), 'Domains, with all below them.'),
  users: list(text('A user.'), 'Users.'),
  hosts: list(text('A host.'), 'Hosts.'),
  hashes: list(text('A hash.'), 'Hashes of files.'),
  tenants: list(guid('A tenant.'), 'Whom it binds; absent: all.'),
});

const feedKey = closed(
  'A password by which a firewall fetches lists.',
  {
    name: text('Its name.'),
    tenant: guid('Whose lists it opens.'),
    providers: { ...list(text('A provider.'), 'Blocklist providers that it opens.'), minItems: 1 },
    networks: {
      type: 'boolean',
      default: false,
      description: 'Whether the bouncer that pulls by it blocks whole networks. One that does not is told none.',
    },
    key: SECRET,
  },
  ['name', 'tenant', 'providers', 'key'],
);

const notifications = closed('Where change notifications may go, beside public addresses.', {
  allow: list(text('A host name, or a network.'), 'Receivers whose addresses are not public, by host name or network.'),
  ca: text('PEM file of an authority that receivers are trusted by, beside those of the system.'),
});

const retention = closed('How long what is over is kept.', {
  finalActions: duration(
    'Actions that are over and have left nothing in force, and records; P1D or more. Absent: for ever.',
  ),
});

const COMMON: Readonly<Record<string, JsonSchema>> = {
  name: text('What vendorInformation.provider names.'),
  aliases: list(text('A name.'), 'Other names that requests may use.'),
  vendor: text('What vendorInformation.vendor names. Default: Interdict.'),
  tenants: list(guid('A tenant.'), 'Whom it serves; absent: all.'),
  actions: {
    ...list(text('An action.'), 'Actions that it takes; absent: all that the connector offers.'),
    minItems: 1,
  },
  timeout: duration('How long one call may take.'),
  deadline: duration('By when an action must have been carried out. Default PT24H.'),
  maxTtl: duration('How far ahead an end may lie. Default P365D.'),
  verifyEvery: duration('How often what is in force is looked at. Default PT30S.'),
  lateness: duration('How long after an abort an effect may still land.'),
  limits: productLimits,
  reporters: list(text("An application's id."), 'Applications that may say by PATCH how an action went there.'),
  retired: flag('Takes no new actions; releases go on.'),
  simulated: flag('Says that a simulator beside a configured issuer is meant.'),
};

/** A provider with the keys of its connector. @param written what `connector:` says for it */
export function providerSchema(kind: ConnectorKind, written: string = kind.name): JsonSchema {
  const own = Object.entries(kind.configSchema.properties).map(([name, schema]): [string, JsonSchema] => [
    name,
    kind.secretKeys.includes(name) ? { ...SECRET, description: `${schema.description} ${SECRET.description}` } : schema,
  ]);
  const required = (kind.configSchema.required as readonly string[] | undefined) ?? [];
  return closed(
    `A provider with the connector ${kind.name}.`,
    { ...COMMON, connector: { const: written, description: 'Which code speaks to it.' }, ...Object.fromEntries(own) },
    ['name', 'connector', ...required],
  );
}

/** The file without its providers: those are checked one by one, against their connector's schema. */
export const FILE_SCHEMA = closed('The configuration of Interdict.', {
  server,
  issuers: list(issuer, 'Who may issue tokens; absent: the local issuer, on loopback only.'),
  providers: list(
    { type: 'object', required: ['name', 'connector'] },
    'Products that carry actions out; absent: a blocklist and, without issuers, a simulator.',
  ),
  protected: list(protectedEntry, 'What nobody may block.'),
  feedKeys: list(feedKey, 'Who may fetch lists.'),
  limits,
  notifications,
  retention,
});

/** The published schema: the same, with every connector's keys. Editors complete and check by it. */
export function publishedSchema(kinds: readonly ConnectorKind[]): JsonSchema {
  const properties = FILE_SCHEMA.properties as Readonly<Record<string, JsonSchema>>;
  const providers = { ...properties.providers, items: { oneOf: kinds.map((kind) => providerSchema(kind)) } };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Interdict configuration',
    ...FILE_SCHEMA,
    properties: { ...properties, providers },
  };
}
