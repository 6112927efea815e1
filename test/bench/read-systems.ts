import { ask, startServer, type TestServer } from '../server.ts';
import { startChild } from './child.ts';
import { clearAwayLater } from './clear-away.ts';
import type { ShotSystem } from './shot-system.ts';
import type { StoredActions } from './stored-actions.ts';

const ACTIONS = '/beta/security/securityActions';

export const BARE_GET = 'bare node:http, GET of a constant';
export const GET = 'GET by id';

/** A server over the stored actions. It stays until the run ends. */
export async function startOverStored({ folder }: StoredActions): Promise<TestServer> {
  const server = await startServer({ data: folder });
  clearAwayLater(() => server.kill());
  return server;
}

/** @param bytes of the constant that it answers with */
export const bareGet = (bytes: number): ShotSystem => ({
  name: BARE_GET,
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

export const getById = (server: TestServer, { ids }: StoredActions): ShotSystem => ({
  name: GET,
  start: async () => ({
    url: server.url,
    serverPid: server.pid,
    sent: { kind: 'get', paths: ids.map((id) => `${ACTIONS}/${id}`), token: server.token() },
    status: 200,
    finish: async () => [],
  }),
});

/** How long the answer to a GET by id is. */
export async function entityBytes(server: TestServer, { ids }: StoredActions): Promise<number> {
  const { text } = await ask(server, `${ACTIONS}/${ids[0]}`);
  return Buffer.byteLength(text);
}
