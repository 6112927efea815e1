import { xml2json } from 'odata-csdl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerOf, refusalFaults } from '../refusal.ts';
import { ask, startServer, type TestServer } from '../server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.discard());

const get = async (target: string, Accept?: string) => {
  const answer = await ask(server, target, { token: null, ...(Accept !== undefined && { headers: { Accept } }) });
  return { ...answer, body: answer.text };
};

describe('$metadata', () => {
  const roots = ['', '/beta', '/v1.0', '/localtest'];
  const [XML, JSON_TYPE] = ['application/xml', 'application/json'];

  it.each([
    ['*/*', '', XML],
    ['application/xml', '', XML],
    ['application/json', '', JSON_TYPE],
    ['application/*', '', XML],
    ['application/xml;q=0.5, application/json', '', JSON_TYPE],
    ['application/json;q=0.5, */*;q=0.1', '', JSON_TYPE],
    ['application/xml', '?$format=json', JSON_TYPE],
    ['text/html', '?$format=xml', XML],
    ['*/*', '?$format=application/json', JSON_TYPE],
    ['*/*', '?format=application/xml', XML],
    ['*/*', '?%24format=JSON', JSON_TYPE],
  ])('for Accept "%s" and "%s" is %s, on every root, for anyone', async (accept, query, type) => {
    for (const root of roots) {
      const answer = await get(`${root}/$metadata${query}`, accept);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
      const read = type === XML ? xml2json(answer.text, { strict: true }) : JSON.parse(answer.text);
      expect(read['microsoft.graph'].securityAction).toMatchObject({ $Kind: 'EntityType', $OpenType: true });
    }
  });

  it('is refused in another form', async () => {
    for (const accept of ['text/html', 'application/xml;q=0', 'image/*', 'nonsense']) {
      const refused = { status: 406, target: 'accept', says: /does not take/ };
      expect(refusalFaults(await get('/beta/$metadata', accept), refused), accept).toEqual([]);
    }
    for (const format of ['atom', 'text/html', '']) {
      const refused = { status: 406, target: '$format', says: /xml or json/ };
      expect(refusalFaults(await get(`/beta/$metadata?$format=${format}`), refused), format).toEqual([]);
    }
  });
});

describe('the service document', () => {
  it.each(['/', '/beta', '/beta/', '/v1.0', '/v1.0/', '/localtest'])('of %s names what is there', async (root) => {
    const { status, json } = await get(root);
    expect(status).toBe(200);
    expect(json['@odata.context']).toBe(`${server.url}${root.replace(/\/$/, '')}/$metadata`);
    for (const { url } of json.value as unknown as { url: string }[]) {
      if (url === 'security') continue;
      expect((await ask(server, `${root.replace(/\/$/, '')}/${url}`)).status, url).toBe(200);
    }
  });

  it('leaves its context out where no metadata is wanted', async () => {
    for (const root of ['/', '/beta', '/localtest']) {
      const usual = await get(root);
      const none = await get(root, 'application/json;odata.metadata=none');
      expect([none.status, Object.keys(none.json), none.json.value]).toEqual([200, ['value'], usual.json.value]);
      expect(headerOf(none, 'content-type')).toContain('odata.metadata=none');
    }
  });

  it('is refused in another form', async () => {
    for (const accept of ['image/png', 'application/xml', 'application/json;q=0', 'text/html;q=0, text/plain']) {
      const refused = { status: 406, target: 'accept', says: /does not take/ };
      for (const root of ['/', '/beta']) expect(refusalFaults(await get(root, accept), refused), accept).toEqual([]);
    }
    expect(refusalFaults(await get('/?$format=xml'), { status: 406, target: '$format' })).toEqual([]);
  });

  it('is not what a browser wants', async () => {
    const Accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const answer = await fetch(`${server.url}/`, { headers: { Accept }, redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
    expect((await get('/beta', Accept)).headers.get('content-type')).toContain('application/json');
  });
});

describe('/docs', () => {
  it('is a page that loads and runs nothing but what this server has', async () => {
    const page = await get('/docs', 'text/html');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const links = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link = '']) => link);
    expect(links).toHaveLength(4);
    for (const link of links) {
      expect(new URL(link, server.url).origin).toBe(server.url);
      const file = await get(link);
      expect([file.status, headerOf(file, 'cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      const headers = { 'If-None-Match': headerOf(file, 'etag') ?? '' };
      expect((await ask(server, link, { token: null, headers })).status).toBe(304);
      expect(headerOf(await get(link.replace(/\?.*/, '')), 'cache-control')).toBe('no-cache');
    }
    expect(page.text).not.toMatch(/<script>|style=| on\w+=/);
    expect((await get('/docs/initializer.js')).text).toMatch(/validatorUrl: null/);
  });

  it('gives no other file', async () => {
    const names = ['index.html', 'docs-page.ts', 'package.json', '..%2Fdocs-page.ts', '..%2f..%2f..%2fpackage.json'];
    for (const name of [...names, '%2e%2e%2fpackage.json', '__proto__', 'swagger-ui.css%00', 'SWAGGER-UI.CSS']) {
      expect(refusalFaults(await get(`/docs/${name}`), { status: 404 }), name).toEqual([]);
    }
  });

  it.each(['/docs', '/docs/swagger-ui.css', '/docs/initializer.js', '/docs/favicon-32x32.png'])(
    '%s is refused in another form',
    async (target) => {
      for (const accept of ['application/json', 'text/plain', 'image/webp', 'text/html;q=0, image/png;q=0, text/csv']) {
        const refused = { status: 406, target: 'accept', says: /does not take/ };
        expect(refusalFaults(await get(target, accept), refused), accept).toEqual([]);
      }
    },
  );

  it.each<[string, number]>([
    ['TAG', 304],
    ['W/TAG', 304],
    ['*', 304],
    ['"other", TAG', 304],
    ['"a,b",W/"c" , W/TAG', 304],
    ['"other"', 200],
    ['"xTAG"', 200],
    ['"other", W/"another"', 200],
    ['TAG;', 400],
  ])('its files, with If-None-Match %s: %i', async (header, status) => {
    const target = '/docs/initializer.js';
    const tag = headerOf(await get(target), 'etag') ?? '';
    const value = header.replace('"xTAG"', `"x${tag.slice(1)}`).replace('TAG', tag);
    const answer = await ask(server, target, { token: null, headers: { 'If-None-Match': value } });
    expect([answer.status, answer.text === '']).toEqual([status, status === 304]);
    if (status < 400) expect(answer.headers.get('etag')).toBe(tag);
  });
});
