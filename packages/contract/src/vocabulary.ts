/** What a target can be; with its canonical value it reads `ip:203.0.113.9`. */
export const TARGET_KINDS = ['ip', 'cidr', 'domain', 'url', 'sha256', 'sha1', 'md5', 'host', 'user'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** A target in canonical form: two spellings of one address are one target. */
export interface Target {
  readonly kind: TargetKind;
  readonly value: string;
}

/** The text form that the wire, the store and the logs use. */
export const targetText = (target: Target): string => `${target.kind}:${target.value}`;

/** Reads what {@link targetText} wrote. */
export function targetFromText(text: string): Target {
  const colon = text.indexOf(':');
  return { kind: text.slice(0, colon) as TargetKind, value: text.slice(colon + 1) };
}

/** An action that the API knows by name. */
export interface KnownAction {
  /** The parameter that carries the target; the catalogue publishes this spelling. */
  readonly parameter: string;
  /** Other spellings of it. A hash under the name of an algorithm must be one of that algorithm. */
  readonly aliases: readonly string[];
  readonly targetKinds: readonly TargetKind[];
  /** How long it stays in force when the caller says nothing: ISO 8601. */
  readonly defaultTtl: string;
  /** @see https://d3fend.mitre.org */
  readonly d3fend: string;
  /** @see https://docs.oasis-open.org/openc2/oc2ls/v1.0/ */
  readonly openC2: { readonly action: string; readonly target: readonly string[] };
  /** Needs one approval unless a policy says otherwise. */
  readonly approval: boolean;
  readonly example: string;
}

/** The six actions that every client may count on; a connector offers a subset and may add its own. */
// biome-ignore format: a table reads better in columns
export const VOCABULARY: Readonly<Record<string, KnownAction>> = {
  BlockIp:     { parameter: 'IP',       aliases: ['ipAddress', 'destinationAddress'],    targetKinds: ['ip', 'cidr'],            defaultTtl: 'PT24H',
                 d3fend: 'D3-NTF',   openC2: { action: 'deny',    target: ['ipv4_net', 'ipv6_net'] }, approval: false, example: '203.0.113.9' },
  BlockDomain: { parameter: 'Domain',   aliases: ['domainName', 'destinationDomain'],    targetKinds: ['domain'],                defaultTtl: 'PT24H',
                 d3fend: 'D3-DNSDL', openC2: { action: 'deny',    target: ['domain_name'] },          approval: false, example: 'evil.example' },
  BlockUrl:    { parameter: 'URL',      aliases: ['destinationUrl'],                     targetKinds: ['url'],                   defaultTtl: 'PT24H',
                 d3fend: 'D3-NTF',   openC2: { action: 'deny',    target: ['uri'] },                  approval: false, example: 'http://evil.example/x' },
  BlockFile:   { parameter: 'FileHash', aliases: ['sha256', 'sha1', 'md5'],              targetKinds: ['sha256', 'sha1', 'md5'], defaultTtl: 'P90D',
                 d3fend: 'D3-EDL',   openC2: { action: 'deny',    target: ['file'] },                 approval: false,
                 example: '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f' },
  IsolateHost: { parameter: 'Host',     aliases: ['deviceId', 'machineId'],              targetKinds: ['host'],                  defaultTtl: 'PT8H',
                 d3fend: 'D3-NI',    openC2: { action: 'contain', target: ['device'] },               approval: true,  example: 'laptop-17.corp.example' },
  DisableUser: { parameter: 'User',     aliases: ['userPrincipalName', 'account'],       targetKinds: ['user'],                  defaultTtl: 'PT24H',
                 d3fend: 'D3-AL',    openC2: { action: 'set',     target: ['account'] },              approval: true,  example: 'mallory@corp.example' },
};

/** Parameters that every action takes. The last two are kept and passed on, never interpreted. */
export const COMMON_PARAMETERS = ['ttl', 'expirationDateTime', 'AlertId', 'comment'] as const;
