import { ask, startServer, type TestServer } from '../server.ts';
import { startChild } from './child.ts';
import { clearAwayLater } from './clear-away.ts';
import { FILTER } from './pages.ts';
import type { ShotSystem } from './shot-system.ts';
import type { StoredActions } from './stored-actions.ts';

const ACTIONS = '/beta/security/securityActions';

const BARE_GET = 'bare node:http, GET of a constant';
const BARE_PAGE = 'bare node:http, a constant as long as a page';

/** A server over the stored actions. It stays until the run ends. */
export async function startOverStored({ folder }: StoredActions): Promise<TestServer> {
  const server = await startServer({ data: folder });
  clearAwayLater(() => server.kill());
  return server;
}

/** @param bytes of the constant that it answers with */
const bare = (name: string, bytes: number): ShotSystem => ({
  name,
  start: async () => {
    const server = await startChild('bare-server.ts', [String(bytes)]);
    return {
      url: `http://127.0.0.1:${server.greeting as number}`,
      serverPid: server.pid,
      sent: { kind: 'get', paths: [ACTIONS], token: null },
      status: 200,
      finish: async () => {
        await server.end();
        return [];
      },
    };
  },
});

export const bareGet = (bytes: number): ShotSystem => bare(BARE_GET, bytes);
export const barePage = (bytes: number): ShotSystem => bare(BARE_PAGE, bytes);

const read = (server: TestServer, name: string, paths: readonly string[]): ShotSystem => ({
  name,
  start: async () => ({
    url: server.url,
    serverPid: server.pid,
    sent: { kind: 'get', paths, token: server.token() },
    status: 200,
    finish: async () => [],
  }),
});

export const getById = (server: TestServer, { ids }: StoredActions): ShotSystem =>
  read(
    server,
    'GET by id',
    ids.map((id) => `${ACTIONS}/${id}`),
  );

const PAGE_PATH = `${ACTIONS}?$top=50&$filter=${encodeURIComponent(FILTER)}`;

/** Newest first, by a filter that an index serves. */
export const filteredPage = (server: TestServer): ShotSystem => read(server, 'page of 50, filtered', [PAGE_PATH]);

const bytesAt = async (server: TestServer, path: string): Promise<number> =>
  Buffer.byteLength((await ask(server, path)).text);

/** How long the answer to a GET by id is. */
export const entityBytes = (server: TestServer, { ids }: StoredActions): Promise<number> =>
  bytesAt(server, `${ACTIONS}/${ids[0]}`);

export const pageBytes = (server: TestServer): Promise<number> => bytesAt(server, PAGE_PATH);
