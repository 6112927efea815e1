/** Ten times what the server can carry, and a tenant that floods. `npm run overload`. */
import { rmSync } from 'node:fs';
import { startPostgres } from '../postgres.ts';
import { aDataFolder, startServer } from '../server.ts';
import { beginCampaign, endCampaign } from './campaign.ts';
import { betterOf, type Judging, judgeLoad, type LoadFinding, mayBeNoise } from './overload/judge-load.ts';
import { storedInPostgres, storedInSqlite } from './overload/read-back.ts';
import { moveTo } from './overload/rig.ts';
import { type Lengths, runLoad } from './overload/run-load.ts';

/** A case is a second of overload. */
const { isShort, count } = beginCampaign('overload', { long: 60, short: 12 });

/** At the peak the heap grows for some ten seconds until it is collected for the first time: before, there is no peak of it. */
const SHORT: Omit<Lengths, 'overload'> = { quiet: 3, peak: 10, after: 12, alone: 4, flooded: 8 };
const LONG: Omit<Lengths, 'overload'> = { quiet: 10, peak: 20, after: 20, alone: 15, flooded: 30 };
const lengths: Lengths = { ...(isShort ? SHORT : LONG), overload: count };

/** On what CI runs on, half a second may be nothing: there the same machine without a load says what it is. */
const judging: Judging = { lengths, cancelFactor: isShort ? 3 : 0 };

/** For one engine alone. */
const only = process.env.INTERDICT_ONLY;

const saying =
  (engine: string) =>
  (words: string): void =>
    console.log(`  ${engine}: ${words}`);

async function onSqlite(): Promise<readonly LoadFinding[]> {
  const server = await startServer();
  try {
    const seen = await runLoad(server, lengths, saying('SQLite'));
    await server.stop();
    return judgeLoad('SQLite', seen, judging, storedInSqlite(server.data));
  } finally {
    await server.discard();
  }
}

async function onPostgres(): Promise<readonly LoadFinding[]> {
  // In production it has a machine of its own; here it shares a core with those who send.
  moveTo('senders');
  const postgres = await startPostgres('18');
  moveTo('server');
  const data = aDataFolder();
  try {
    const server = await startServer({ data, env: { INTERDICT_DATABASE_URL: postgres.url } });
    const seen = await runLoad(server, lengths, saying('PostgreSQL'));
    await server.stop();
    return judgeLoad('PostgreSQL', seen, judging, await storedInPostgres(postgres.url));
  } finally {
    await postgres.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** The short form decides about a change, so it looks twice where the machine may have been busy with something else. */
async function judged(run: () => Promise<readonly LoadFinding[]>): Promise<readonly LoadFinding[]> {
  const first = await run();
  if (!isShort || !mayBeNoise(first)) return first;
  for (const { promise, broken } of first) if (broken !== undefined) console.log(`  once more: ${promise}: ${broken}`);
  return betterOf(first, await run());
}

moveTo('server');
const findings: LoadFinding[] = [];
for (const [engine, run] of [
  ['sqlite', onSqlite],
  ['postgres', onPostgres],
] as const) {
  if (only === undefined || only === engine) findings.push(...(await judged(run)));
}
endCampaign(findings);
