import { once } from 'node:events';
import { createConnection as createSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BindRequest, ExtendedRequest } from 'ldapts';
import { secretsHider, toPrintable } from '../http/message.ts';
import type { LdapConfig } from './config.ts';
import { Connection, type Result } from './connection.ts';
import { Failure } from './failure.ts';

const START_TLS = '1.3.6.1.4.1.1466.20037';
const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|ALTNAME/;
const ANSWER_BYTES = 64 * 1024;
/** A firewall that forgets a silent connection is noticed before a call is lost on it. */
const KEEP_ALIVE_MS = 60_000;
/** busy, unavailable, other: the directory's own trouble. */
const THEIRS: ReadonlySet<number> = new Set([51, 52, 80]);
/** strongerAuthRequired, confidentialityRequired */
const WANTS_TLS: ReadonlySet<number> = new Set([8, 13]);

const nameOf = ({ host, port }: LdapConfig): string => `${host}:${port}`;

function toFailure(config: LdapConfig, error: NodeJS.ErrnoException): Failure {
  if (error instanceof Failure) return new Failure(`${nameOf(config)} did not let us in: ${error.message}.`);
  const reason = error.name === 'AbortError' ? 'it does not answer' : toPrintable(error.message || String(error.code));
  if (!CERTIFICATE.test(error.code ?? '')) return new Failure(`${nameOf(config)} cannot be reached: ${reason}.`);
  const words = `The certificate of ${nameOf(config)} is not to be trusted: ${reason}. Set ca to whoever vouches for it.`;
  return new Failure(words, { isOurs: true });
}

async function ready(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** With a listener that stays: between two events a socket may fail as well. */
function quiet<S extends Socket>(socket: S): S {
  return socket.on('error', () => undefined);
}

const secured = (config: LdapConfig, socket: Socket, signal: AbortSignal): Promise<Socket> => {
  const { host, ca } = config;
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return ready(quiet(connectTls({ socket, host, ...servername, ...(ca && { ca }) })), 'secureConnect', signal);
};

function checkStart(config: LdapConfig, { code, words }: Result): void {
  if (code === 0) return;
  const message = `${nameOf(config)} does not start TLS (${code}${words && `: ${toPrintable(words)}`}).`;
  throw new Failure(message, { isOurs: !THEIRS.has(code) });
}

async function transport(config: LdapConfig, signal: AbortSignal): Promise<Connection> {
  const { host, port, tls } = config;
  const socket = quiet(
    createSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }),
  );
  await ready(socket, 'connect', signal);
  if (tls === 'whole') return new Connection(await secured(config, socket, signal));
  const plain = new Connection(socket);
  if (tls === 'none') return plain;
  const request = (messageId: number) => new ExtendedRequest({ messageId, oid: START_TLS });
  checkStart(config, await plain.ask(request, signal, ANSWER_BYTES));
  return new Connection(await secured(config, quiet(plain.detach()), signal));
}

function checkBind(config: LdapConfig, { code, words }: Result): void {
  if (code === 0) return;
  const said = secretsHider([config.password.reveal()])(toPrintable(words));
  const what = `${nameOf(config)} refused the bind as ${config.bindDn} (${code}${said && `: ${said}`})`;
  if (THEIRS.has(code)) throw new Failure(`${what}.`);
  const advice = WANTS_TLS.has(code) ? 'Use ldaps://, or set startTls: true.' : 'Check bindDn and password.';
  throw new Failure(`${what}. ${advice}`, { isOurs: true });
}

/** A connection on which our account is bound. @throws {Failure} that says nothing was sent */
export async function openConnection(config: LdapConfig, signal: AbortSignal): Promise<Connection> {
  let connection: Connection | undefined;
  try {
    connection = await transport(config, signal);
    const { bindDn: dn, password } = config;
    const request = (messageId: number) => new BindRequest({ messageId, dn, password: password.reveal() });
    checkBind(config, await connection.ask(request, signal, ANSWER_BYTES));
    return connection;
  } catch (error) {
    connection?.destroy('the bind failed');
    if (error instanceof Failure && !error.wasSent) throw error;
    throw toFailure(config, error as Error);
  }
}
