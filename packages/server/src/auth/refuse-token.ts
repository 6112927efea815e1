import { Refusal } from '../errors.ts';

const CHALLENGE = 'Bearer realm="interdict"';

/** The refusal of a request without a bearer token. */
export const missingToken = (message: string): Refusal<'InvalidAuthenticationToken'> =>
  new Refusal('InvalidAuthenticationToken', message, {
    inner: 'missingToken',
    headers: { 'WWW-Authenticate': CHALLENGE },
  });

/**
 * The refusal of a token. The message never holds the token, and names only what the token itself says and, once its
 * signature has proved its issuer, what is expected instead: whoever holds no token of a configured issuer learns
 * neither audiences nor tenants.
 */
export const invalidToken = (message: string): Refusal<'InvalidAuthenticationToken'> =>
  new Refusal('InvalidAuthenticationToken', message, {
    inner: 'invalidToken',
    headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` },
  });

/** A claim's value for a message: short, on one line, plain ASCII. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const plain = text.replace(/[^\x20-\x7e]/g, '?').replaceAll('"', "'");
  return `"${plain.length > 120 ? `${plain.slice(0, 120)}…` : plain}"`;
}
