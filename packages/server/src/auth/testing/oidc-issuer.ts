import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import type { SigningKey } from './signing-key.ts';

/** A real issuer on loopback: metadata and keys, that a test can rotate, slow down, bend and stop. */
export interface OidcIssuer {
  readonly issuer: string;
  /** What it publishes; a test may put other keys there. */
  keys: readonly SigningKey[];
  /** Answers given, by path. */
  readonly counts: Map<string, number>;
  /** Replaces an answer: by path. */
  readonly bent: Map<string, (response: ServerResponse, request: IncomingMessage) => void>;
  delayMs: number;
  /** Signs with the first key. */
  sign(claims: object, header?: object): Promise<string>;
  count(path: string): number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const METADATA_PATH = '/realms/test/.well-known/openid-configuration';
export const KEYS_PATH = '/realms/test/certs';

const sendJson = (response: ServerResponse, body: unknown): void => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
};

function answer(state: OidcIssuer, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  state.counts.set(path, state.count(path) + 1);
  const bent = state.bent.get(path);
  if (bent) bent(response, request);
  else if (path === METADATA_PATH)
    sendJson(response, { issuer: state.issuer, jwks_uri: state.issuer.replace('/realms/test', KEYS_PATH) });
  else if (path === KEYS_PATH) sendJson(response, { keys: state.keys.map(({ jwk }) => jwk) });
  else response.writeHead(404).end();
}

export async function openOidcIssuer(...keys: readonly SigningKey[]): Promise<OidcIssuer> {
  const server = createServer((request, response) => {
    setTimeout(() => answer(state, request, response), state.delayMs).unref();
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const state: OidcIssuer = {
    issuer: `http://127.0.0.1:${port}/realms/test`,
    keys,
    counts: new Map(),
    bent: new Map(),
    delayMs: 0,
    sign: (claims, header = {}) => {
      const [key] = state.keys;
      if (!key) throw new Error('This issuer has no key.');
      const alg = key.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
      return new SignJWT({ iss: state.issuer, ...claims })
        .setProtectedHeader({ alg, kid: key.kid, typ: 'JWT', ...header })
        .sign(key.privateKey);
    },
    count: (path) => state.counts.get(path) ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: () => listen(port),
  };
  return state;
}
