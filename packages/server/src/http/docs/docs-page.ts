import { Refusal } from '../../errors.ts';
import { readQueryOptions } from '../../odata/query-options.ts';
import type { App } from '../app.ts';
import { chooseType } from '../choose-type.ts';
import { hasFile } from '../entity-tags.ts';
import { type Answer, type Exchange, headerOf } from '../exchange.ts';
import { assetUrl, findAsset } from './docs-assets.ts';

/** Nothing but what this server gives; nothing within the page is run or styled, and nobody frames it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' };

async function page(): Promise<string> {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Interdict API</title>
<link rel="stylesheet" href="${await assetUrl('swagger-ui.css')}">
<link rel="icon" type="image/png" href="${await assetUrl('favicon-32x32.png')}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${await assetUrl('swagger-ui-bundle.js')}"></script>
<script src="${await assetUrl('initializer.js')}"></script>
</body>
</html>
`;
}

/** The API, for people: Swagger UI, from here alone. */
export async function getDocsPage(_app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  chooseType(headerOf(exchange, 'accept'), ['text/html']);
  return { status: 200, contentType: 'text/html; charset=utf-8', headers: HEADERS, body: await page() };
}

const FOREVER = 'public, max-age=31536000, immutable';

/**
 * A file of that page. Under the address that the page has it is kept for ever; under another it is asked for again.
 * @throws {Refusal} notFound
 */
export async function getDocsAsset(_app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const asset = await findAsset(exchange.params.asset ?? '');
  if (!asset) {
    throw new Refusal('notFound', 'There is no such file. The page is at /docs.', { inner: 'unknownResource' });
  }
  chooseType(headerOf(exchange, 'accept'), [asset.contentType.split(';', 1)[0] ?? '']);
  const isPinned = exchange.query === `v=${asset.etag.slice(1, -1)}`;
  const headers = { ...HEADERS, ETag: asset.etag, ...(isPinned && { 'Cache-Control': FOREVER }) };
  return hasFile(exchange, asset.etag)
    ? { status: 304, headers }
    : { status: 200, contentType: asset.contentType, headers, body: asset.body };
}
