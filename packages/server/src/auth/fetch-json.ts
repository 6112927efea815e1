const MAX_BYTES = 512 * 1024;

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
};

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  if (response.status === 200) return readBounded(response);
  await response.body?.cancel();
  throw new Error(`it answered ${response.status}, and only 200 will do`);
}

/**
 * The JSON at an address: at most 512 KB after unpacking, no redirects, 200 only.
 *
 * @throws {Error} that names the address
 */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    return JSON.parse(await fetchText(url, signal));
  } catch (error) {
    throw new Error(`${url} gave no usable answer: ${reasonOf(error)}.`, { cause: error });
  }
}
