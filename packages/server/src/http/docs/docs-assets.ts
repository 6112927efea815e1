import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface DocsAsset {
  readonly contentType: string;
  readonly body: Buffer;
  readonly etag: string;
}

const SCRIPT = 'text/javascript; charset=utf-8';

/** The only files that are served: a name that is not among these leads to no file at all. */
const FILES: ReadonlyMap<string, readonly [contentType: string, url: string]> = new Map([
  ['swagger-ui.css', ['text/css; charset=utf-8', import.meta.resolve('swagger-ui-dist/swagger-ui.css')]],
  ['swagger-ui-bundle.js', [SCRIPT, import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')]],
  ['favicon-32x32.png', ['image/png', import.meta.resolve('swagger-ui-dist/favicon-32x32.png')]],
  ['initializer.js', [SCRIPT, import.meta.resolve('./initializer.js')]],
]);

const loaded = new Map<string, Promise<DocsAsset>>();

async function load(contentType: string, url: string): Promise<DocsAsset> {
  const body = await readFile(new URL(url));
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { contentType, body, etag: `"${hash}"` };
}

/** Read once, at the first request. Undefined where there is no such file. */
export function findAsset(name: string): Promise<DocsAsset> | undefined {
  const file = FILES.get(name);
  if (!file) return undefined;
  const known = loaded.get(name) ?? load(...file);
  loaded.set(name, known);
  return known;
}

/** Where a file is, with what it is in the address: another content is another address. */
export async function assetUrl(name: string): Promise<string> {
  const asset = await findAsset(name);
  return `/docs/${name}?v=${asset?.etag.slice(1, -1)}`;
}
