import { readFileSync } from 'node:fs';

/** Gives a good token whenever it is asked for one. */
export type TokenSource = () => Promise<string>;

/** Client credentials of OAuth 2. @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4 */
export interface Credentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly secretFile: string;
  readonly scope: string | undefined;
}

const readText = (file: string): string => readFileSync(file, 'utf8').trim();

/** A file that somebody else keeps fresh: it is read each time. */
export const tokenOfFile =
  (file: string): TokenSource =>
  async () =>
    readText(file);

/** A token is asked for anew when so little of its time is left. */
const LEFT_MS = 60_000;

interface Issued {
  readonly token: string;
  readonly until: number;
}

async function issue({ tokenUrl, clientId, secretFile, scope }: Credentials): Promise<Issued> {
  const askedAt = performance.now();
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: readText(secretFile),
    ...(scope !== undefined && { scope }),
  });
  const response = await fetch(tokenUrl, {
    method: 'POST',
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  });
  const answer = (await response.json().catch(() => ({}))) as {
    readonly access_token?: string;
    readonly expires_in?: number;
    readonly error?: string;
  };
  if (!response.ok || !answer.access_token) {
    throw new Error(`${tokenUrl} gave no token: ${answer.error?.slice(0, 100) ?? response.status}.`);
  }
  return { token: answer.access_token, until: askedAt + (Number(answer.expires_in) || 300) * 1_000 };
}

/** Asks the issuer once for many requests. */
export function tokenOfCredentials(credentials: Credentials): TokenSource {
  let issued: Promise<Issued> | undefined;
  return async () => {
    const known = await issued?.catch(() => undefined);
    if (!known || known.until - LEFT_MS < performance.now()) issued = issue(credentials);
    return (await (issued as Promise<Issued>)).token;
  };
}
