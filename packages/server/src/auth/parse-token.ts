import { findJsonFault } from '../lib/json-scan.ts';
import type { Claims } from './claim-name.ts';
import { invalidToken } from './refuse-token.ts';

/** A token's content as it came; nothing in it is proved. */
export interface ParsedToken {
  readonly header: Claims;
  readonly claims: Claims;
}

const MAX_DEPTH = 16;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One text for one content: bits that decode to nothing, padding and the other alphabet would make several. */
function decodePart(part: string, name: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part)
    throw invalidToken(`The token's ${name} is not base64url as RFC 7515 writes it.`);
  return bytes;
}

function parseObject(bytes: Buffer, name: string): Claims {
  try {
    const text = decoder.decode(bytes);
    const fault = findJsonFault(text, MAX_DEPTH);
    if (fault?.kind === 'duplicate') throw invalidToken(`The token's ${name} holds one name twice.`);
    if (fault) throw invalidToken(`The token's ${name} is nested too deeply or holds a forbidden name.`);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw invalidToken(`The token's ${name} is no JSON object.`);
}

/**
 * Reads a signed JWT in its compact form.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519
 * @throws {Refusal} `InvalidAuthenticationToken`
 */
export function parseToken(token: string): ParsedToken {
  const parts = token.split('.');
  const [header, claims, signature] = parts;
  if (parts.length === 5) throw invalidToken('The token is encrypted (JWE). This server takes signed tokens only.');
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined)
    throw invalidToken('The token is no JWT: a signed one has three parts with a dot between them.');
  const headerBytes = decodePart(header, 'header');
  const claimsBytes = decodePart(claims, 'payload');
  decodePart(signature, 'signature');
  return { header: parseObject(headerBytes, 'header'), claims: parseObject(claimsBytes, 'payload') };
}
