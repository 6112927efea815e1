import path from 'node:path';

export interface Started {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly dataFolder: string;
  readonly isLocal: boolean;
  readonly database: string;
  readonly providers: readonly string[];
  /** The lines below need the built-in blocklist and the local issuer. */
  readonly hasBlocklist: boolean;
}

/** A path as a shell takes it, whatever is in it. */
const quoted = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Beside the folder that it was started in, a path is short. */
function shown(target: string): string {
  const relative = path.relative(process.cwd(), target);
  return relative.startsWith('..') ? target : `./${relative}`;
}

/**
 * Lines that work as pasted, one after the other, with curl and sed alone. The token and the key go from their files into
 * curl: they are printed nowhere and stand in no list of processes.
 */
function tryIt({ httpPort, dataFolder }: Started): string {
  const token = quoted(shown(path.join(dataFolder, 'token')));
  const key = quoted(shown(path.join(dataFolder, 'feed-key')));
  const url = `http://127.0.0.1:${httpPort}`;
  const actions = `${url}/beta/security/securityActions`;
  const call = `sed 's/^/Authorization: Bearer /' ${token} | curl -sS -w '\\n' -H @-`;
  const feed = `sed 's/.*/user = "firewall:&"/' ${key} | curl -sS -K - ${url}/feeds/blocklist/ip.txt`;
  const state = `sed 's/.*"status":"\\([A-Za-z]*\\)".*"state":"\\([A-Za-z]*\\)".*/\\1, \\2/'`;
  const body = `{"name":"BlockIp","actionReason":"First steps","parameters":[{"name":"IP","value":"203.0.113.9"}],"vendorInformation":{"provider":"blocklist"}}`;
  return `
  # Block an address, and keep the id
  id=$(${call} -H 'Content-Type: application/json' -d '${body}' ${actions} | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

  # Its state: waiting for a firewall to fetch the list
  ${call} ${actions}/$id | ${state}

  # Fetch the list as a firewall does
  ${feed}

  # Its state: Completed, inForce
  ${call} ${actions}/$id | ${state}

  # Cancel it, and fetch the list again: it is gone
  ${call} -X POST ${actions}/$id/cancelSecurityAction
  ${feed}

  # Its state: released
  ${call} ${actions}/$id | ${state}
`;
}

/** What a start prints: where it is, where things lie, and what to try. */
export function banner(started: Started): string {
  const { httpPort, httpsPort, dataFolder, isLocal, database, providers, hasBlocklist } = started;
  const lines = [
    `Interdict is ready.`,
    ``,
    `  API      http://127.0.0.1:${httpPort}/beta  and  https://127.0.0.1:${httpsPort}/beta`,
    `  Data     ${shown(dataFolder)}  (${database})`,
    `  Certificate  ${shown(path.join(dataFolder, 'tls', 'cert.pem'))}`,
    ...(isLocal ? [`  Token    ${shown(path.join(dataFolder, 'token'))}  (all permissions of an application)`] : []),
    `  Providers  ${providers.join(', ')}`,
  ];
  const trying = isLocal && hasBlocklist ? [``, `Paste these lines, one after the other:`, tryIt(started)] : [``];
  return [...lines, ...trying].join('\n');
}
