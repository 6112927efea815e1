import { rmSync } from 'node:fs';
import { aDataFolder } from '../server.ts';
import { createKilledServer } from './killed-server.ts';

const PATIENCE_MS = 300_000;

/**
 * One start with an end in order. It leaves the compiled modules behind, as at everybody who has stopped the server once;
 * a process that is killed leaves none, and on a new checkout each start would compile everything.
 */
export async function warmUp(): Promise<void> {
  const data = aDataFolder();
  const server = await createKilledServer({
    data,
    config: 'providers:\n  - { name: lists, connector: blocklist }\n',
    env: {},
  });
  server.spawn();
  await server.ready(PATIENCE_MS);
  server.signal('SIGTERM');
  const until = performance.now() + PATIENCE_MS;
  await server.ended(() => performance.now() > until);
  await server.kill();
  server.forget();
  rmSync(data, { recursive: true });
}
