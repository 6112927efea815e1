import { invalidToken, missingToken } from './refuse-token.ts';

const MAX_BYTES = 8_192;
const CUSTOM_HOSTS =
  'Microsoft\'s JavaScript client sends its token only over https and only to hosts that it was told: make it with `Client.init({ baseUrl: "https://<this host>:<https port>/", customHosts: new Set(["<this host>"]), … })`. Kiota\'s clients take the host in `allowedHosts`.';

/**
 * The token of an `Authorization` header; not yet trusted for anything.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @throws {Refusal} `InvalidAuthenticationToken`
 */
export function readBearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '')
    throw missingToken(
      `The request has no Authorization header. Send "Authorization: Bearer <token>". ${CUSTOM_HOSTS}`,
    );
  const [, scheme, token] = /^([A-Za-z]{1,20}) +([^ ].*)$/s.exec(authorization) ?? [];
  if (scheme === undefined || token === undefined)
    throw missingToken('The Authorization header holds no bearer token. Its form is "Authorization: Bearer <token>".');
  if (scheme.toLowerCase() !== 'bearer')
    throw missingToken(`The Authorization header is of the scheme "${scheme}". Send "Authorization: Bearer <token>".`);
  if (token.length > MAX_BYTES)
    throw invalidToken(`The token is longer than ${MAX_BYTES} bytes. Ask its issuer to put fewer claims into it.`);
  return token;
}
