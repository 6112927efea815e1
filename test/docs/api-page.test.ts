import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../packages/server/src/http/routes.ts';
import { startServer, type TestServer, until } from '../server.ts';
import { blocksOf, readPage, rowsOf, sectionOf } from './page.ts';

const PAGE = readPage('docs/api.md');
const LATER = sectionOf(PAGE, 'Not in this version');

const inCode = (cell = ''): string => /^`([^`]+)`$/.exec(cell)?.[1] ?? cell;

/** As the page writes it: `GET /security/securityActions/{id}`. */
const written = ({ method, path }: { readonly method: string; readonly path: string }): string =>
  `${method} ${path.replace(/:(\w+)/g, '{$1}')}`;

const isLater = (route: (typeof ROUTES)[number]): boolean => route.about.answers[501] !== undefined;

/** A request with its answer, as one block of the page has them. */
interface Example {
  readonly line: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly status: number;
  readonly answerHeaders: readonly (readonly [string, string])[];
  readonly answer: string;
}

const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

function toMessage(text: string): {
  readonly first: string;
  readonly headers: [string, string][];
  readonly body: string;
} {
  const [head = '', ...rest] = text.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  const headers = lines.map((line): [string, string] => [line.split(': ', 1)[0] ?? '', line.replace(/^[^:]+: /, '')]);
  return { first, headers, body: rest.join('\n\n').trim() };
}

function toExample({ text, line }: { readonly text: string; readonly line: number }): Example {
  const [asked = '', answered = ''] = text.split(/\n(?=HTTP\/1\.1 )/);
  const request = toMessage(asked.trim());
  const answer = toMessage(answered.trim());
  const [method = '', path = ''] = request.first.split(' ');
  return {
    line,
    method,
    path,
    headers: request.headers,
    body: request.body || undefined,
    status: Number(answer.first.split(' ')[1]),
    answerHeaders: answer.headers,
    answer: answer.body,
  };
}

const EXAMPLES = ['docs/api.md', 'docs/batch.md', 'docs/changes.md', 'docs/operate.md'].flatMap((page) =>
  blocksOf(readPage(page))
    .filter(({ language }) => language === 'http')
    .map((block) => ({ page, ...toExample(block) })),
);

/** What differs from one run to the next, in one form. */
const plain = (text: string): string =>
  text
    .replace(/https?:\/\/(?:localhost|127\.0\.0\.1):\d+/g, 'base')
    .replace(ID, 'id')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z/g, 'moment')
    .replace(/W\/"[\d.]+"/g, 'tag');

/** What the page shows of an answer, which may be less than there is: members, and members of lists from the first. */
function expectShown(shown: unknown, real: unknown, place: string): void {
  if (typeof shown !== 'object' || shown === null) {
    expect(real, place).toBe(shown);
    return;
  }
  expect(Array.isArray(real), place).toBe(Array.isArray(shown));
  for (const [name, value] of Object.entries(shown)) {
    expectShown(value, (real as Record<string, unknown>)[name], `${place}/${name}`);
  }
}

describe('docs/api.md', () => {
  it('has every route that is served, with its permission, and no other', () => {
    const onPage = rowsOf(PAGE, 'route').map(([route, permission]) => `${inCode(route)} ${inCode(permission)}`);
    const names = {
      anyone: 'none',
      caller: 'any token',
      feed: 'feed key, or Read.All',
      bouncer: 'feed key',
    } as Readonly<Record<string, string>>;
    const served = ROUTES.filter((route) => !isLater(route));
    expect(onPage).toEqual(served.map((route) => `${written(route)} ${names[route.permission] ?? route.permission}`));
  });

  it('has every route that is not in this version, and no other', () => {
    const onPage = [...LATER.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, route]) => route);
    expect(onPage).toEqual(ROUTES.filter(isLater).map(written));
  });
});

describe('an example of the documentation is answered as it stands there', () => {
  let server: TestServer;
  /** Ids of the page, and what they are in this run. */
  const ids = new Map<string, string>();

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.discard());

  async function send({ method, path, headers, body }: Example): Promise<{ response: Response; text: string }> {
    const feed = `Basic ${Buffer.from(`firewall:${server.feedKey()}`).toString('base64')}`;
    const response = await fetch(`${server.url}${path.replace(ID, (id) => ids.get(id) ?? id)}`, {
      method,
      headers: {
        Authorization: path.startsWith('/feeds/') ? feed : `Bearer ${server.token()}`,
        ...Object.fromEntries(headers),
      },
      ...(body !== undefined && { body }),
    });
    return { response, text: await response.text() };
  }

  function check(
    { status, answerHeaders, answer }: Example,
    { response, text }: Awaited<ReturnType<typeof send>>,
  ): void {
    expect(response.status, text).toBe(status);
    for (const [name, value] of answerHeaders) expect(plain(response.headers.get(name) ?? ''), name).toBe(plain(value));
    if (answer.startsWith('{')) expectShown(JSON.parse(plain(answer)), JSON.parse(plain(text)), '');
    else expect(plain(text).trim()).toBe(plain(answer));
  }

  for (const example of EXAMPLES) {
    it(`${example.page}, line ${example.line}: ${example.method} ${example.path}`, async () => {
      // What follows a POST takes its time: the page shows how it ends.
      const sent = await until(
        () => send(example),
        (seen) => example.method === 'POST' || isAnswered(example, seen),
      );
      check(example, sent);
      const [, shown] = /"id": "([^"]+)"/.exec(example.answer) ?? [];
      const [, real] = /"id":"([^"]+)"/.exec(sent.text) ?? [];
      if (shown !== undefined && real !== undefined) ids.set(shown, real);
    });
  }

  function isAnswered(example: Example, seen: Awaited<ReturnType<typeof send>>): boolean {
    try {
      check(example, seen);
      return true;
    } catch {
      return false;
    }
  }
});
