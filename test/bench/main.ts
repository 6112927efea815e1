/** `npm run bench`: what this machine can do without us, and what we make of it. See docs/benchmarks.md. */
import { against } from './against.ts';
import { batchLines } from './batch-line.ts';
import { type BenchPostgres, startBenchPostgres } from './bench-postgres.ts';
import { type Child, startChild } from './child.ts';
import { clearAway, clearAwayOnSignals, makeBenchFolder } from './clear-away.ts';
import { dispatchLines } from './dispatch-lines.ts';
import { readMachine } from './machine.ts';
import { measureMemory } from './memory.ts';
import { measureDrops, whyNoDrops } from './packet-drops.ts';
import { FILTER, measurePages, type Pages } from './pages.ts';
import { measureParse } from './parse-time.ts';
import { barePost, kindsOf, openSilence, postgresPost, sqlitePost } from './post-systems.ts';
import { bareGet, barePage, entityBytes, filteredPage, getById, pageBytes, startOverStored } from './read-systems.ts';
import {
  bytesOf,
  figuresOf,
  type Goal,
  goalLine,
  type Line,
  line,
  type SystemGoals,
  systemLines,
  toReport,
} from './report.ts';
import { restartLines } from './restart-lines.ts';
import { type BenchSettings, readSettings } from './settings.ts';
import { type MeasuredSystem, measureInTurns, type ShotSystem, systemOf } from './shot-system.ts';
import { makeStoredActions } from './stored-actions.ts';

const atLeast = (goal: number, floor?: number): Goal => ({ goal, ...(floor !== undefined && { floor }), most: false });
const atMost = (goal: number, floor?: number): Goal => ({ goal, ...(floor !== undefined && { floor }), most: true });

const POST_GOALS: SystemGoals = { perSecond: atLeast(0.7, 0.4), cpuUs: atMost(1.5, 2.5), p99Ms: atMost(2) };
const POSTGRES_GOALS: SystemGoals = { perSecond: atLeast(0.35, 0.17) };
const GET_GOALS: SystemGoals = { perSecond: atLeast(0.6) };
const BATCH_GOAL = atLeast(0.8);
const PAGE_GOAL = atMost(1.2);
const PAGE_GET_GOALS: SystemGoals = { perSecond: atLeast(0.5) };
const PAGE_US_GOAL = atMost(200);
const COUNT_MS_GOAL = atMost(5);
const PARSE_US_GOAL = atMost(10);
const MEMORY_GOAL = atMost(200);
const DROP_GOAL = atMost(15);

interface Compared {
  readonly system: ShotSystem;
  readonly bare: ShotSystem;
  readonly goals: SystemGoals;
}

const say = (what: string): void => console.error(`— ${what}`);

/** A machine without PostgreSQL's packages still measures the rest. */
async function findPostgres(): Promise<BenchPostgres | string> {
  try {
    return await startBenchPostgres();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function linesOf(
  measured: readonly MeasuredSystem[],
  bares: readonly ShotSystem[],
  compared: readonly Compared[],
): Line[] {
  const found = ({ name }: ShotSystem): MeasuredSystem => systemOf(measured, name);
  return bares.flatMap((bare) => [
    line(`**${bare.name}**`, `${figuresOf(found(bare))}; ${bytesOf(found(bare))}`),
    ...compared
      .filter((each) => each.bare === bare)
      .flatMap(({ system, goals }) => systemLines(found(system), found(bare), goals)),
  ]);
}

function pageLines(pages: Pages, settings: BenchSettings): readonly Line[] {
  const count = settings.storedActions.toLocaleString('en');
  const depth = settings.depth.toLocaleString('en');
  const httpFigures = `p50 ${pages.firstMs.toFixed(2)} and ${pages.deepMs.toFixed(2)} ms over HTTP`;
  const storeFigures = `p50 ${pages.firstStoreUs.toFixed(0)} and ${pages.deepStoreUs.toFixed(0)} µs`;
  const counted = `$count=true of ${pages.counted.toLocaleString('en')} that it finds, over HTTP`;
  return [
    line(`**Pages of 50 of ${count} actions**`, ''),
    goalLine(`· behind ${depth} ÷ first`, pages.deepMs / pages.firstMs, PAGE_GOAL, httpFigures),
    goalLine('· the same, in the store alone', pages.deepStoreUs / pages.firstStoreUs, PAGE_GOAL, storeFigures),
    goalLine('· filtered, in the store alone', pages.filteredStoreUs, PAGE_US_GOAL, FILTER, ' µs'),
    goalLine('· a filtered count', pages.countMs, COUNT_MS_GOAL, counted, ' ms'),
    goalLine('**Parse of a filter of five terms**', measureParse(), PARSE_US_GOAL, '', ' µs'),
  ];
}

async function measureStored(settings: BenchSettings) {
  say(`fills a store with ${settings.storedActions.toLocaleString('en')} actions`);
  const stored = await makeStoredActions(settings);
  const server = await startOverStored(stored);
  const compared: readonly Compared[] = [
    { system: getById(server, stored), bare: bareGet(await entityBytes(server, stored)), goals: GET_GOALS },
    { system: filteredPage(server), bare: barePage(await pageBytes(server)), goals: PAGE_GET_GOALS },
  ];
  const listLines = async (): Promise<readonly Line[]> => {
    say('reads pages');
    return pageLines(await measurePages(server, stored, settings.pages), settings);
  };
  const memoryLines = async (generator: Child): Promise<readonly Line[]> => {
    say('watches memory under load');
    const { medianMb, mostMb, perSecond } = await measureMemory(server, generator, settings);
    return [
      line(
        `**Memory with ${stored.count.toLocaleString('en')} actions**`,
        `resident under ${perSecond.toFixed(0)} POST/s, median ${medianMb.toFixed(0)} MB`,
      ),
      goalLine('· at most', mostMb, MEMORY_GOAL, '', ' MB'),
    ];
  };
  return { compared, listLines, memoryLines };
}

async function dropLines(settings: BenchSettings): Promise<readonly Line[]> {
  const title = '**POST until packets are dropped, nftables**';
  const why = whyNoDrops();
  if (why !== undefined) return [line(title, `not measured: ${why}`)];
  say('blocks addresses');
  const { posted, nftAlone, resolutionMs, count } = await measureDrops(settings.drops);
  const alone = `nft alone: median ${nftAlone.medianMs.toFixed(1)} ms, p95 ${nftAlone.p95Ms.toFixed(1)} ms`;
  return [
    line(title, `${count} of each, in turn; a packet each ${resolutionMs.toFixed(2)} ms; ${alone}`),
    goalLine(
      '· median',
      posted.medianMs,
      DROP_GOAL,
      `p95 ${posted.p95Ms.toFixed(1)} ms; the POST is answered after ${posted.answeredMs.toFixed(1)} ms`,
      ' ms',
    ),
    line('· median ÷ nft alone', '', (posted.medianMs / nftAlone.medianMs).toFixed(2)),
  ];
}

type Kinds = ReturnType<typeof kindsOf>;

function postComparisons(kinds: Kinds, postgres: BenchPostgres | string): readonly Compared[] {
  const { idle, dispatching, record } = kinds;
  const of = (system: ShotSystem, goals: SystemGoals = {}): Compared => ({ system, bare: barePost, goals });
  const embedded = [of(sqlitePost(idle), POST_GOALS), of(sqlitePost(dispatching)), of(sqlitePost(record))];
  if (typeof postgres === 'string') return embedded;
  return [...embedded, of(postgresPost(idle, postgres), POSTGRES_GOALS), of(postgresPost(dispatching, postgres))];
}

/** Batches against single creates, in turns with nothing else. */
async function runBatches(settings: BenchSettings): Promise<string> {
  const generator = await startChild('load-generator.ts');
  const kinds = kindsOf(await openSilence());
  const systems = [sqlitePost(kinds.idle), sqlitePost(kinds.batch)] as const;
  const measured = await measureInTurns(systems, generator, settings);
  const [single, batch] = systems.map(({ name }) => systemOf(measured, name)) as [MeasuredSystem, MeasuredSystem];
  const lines = [line(`**${single.name}**`, figuresOf(single)), ...batchLines(batch, single, BATCH_GOAL)];
  return toReport(readMachine(), 'none', measured, lines);
}

/** Lists, and what they are compared with. */
async function runLists(settings: BenchSettings): Promise<string> {
  const generator = await startChild('load-generator.ts');
  const { compared, listLines } = await measureStored(settings);
  const bares = compared.map(({ bare }) => bare);
  const systems = compared.flatMap(({ system, bare }) => [bare, system]);
  const measured = await measureInTurns(systems, generator, settings);
  return toReport(readMachine(), 'none', measured, [...linesOf(measured, bares, compared), ...(await listLines())]);
}

/** The rows of POST, in turns with those of another commit. */
async function runAgainst(settings: BenchSettings, folder: string): Promise<string> {
  const generator = await startChild('load-generator.ts');
  const machine = readMachine();
  const postgres = await findPostgres();
  const { systems, lines } = await against(folder, postgres);
  const measured = await measureInTurns(systems, generator, settings);
  return toReport(machine, versionOf(postgres), measured, lines(measured));
}

const versionOf = (postgres: BenchPostgres | string): string =>
  typeof postgres === 'string' ? 'none' : postgres.version;

/** From the intent to the result, with a product of its own process. */
async function runDispatch(settings: BenchSettings): Promise<string> {
  const machine = readMachine();
  const postgres = await findPostgres();
  return toReport(machine, versionOf(postgres), [], await dispatchLines(settings, postgres));
}

/** From a kill until all goes on. */
async function runRestarts(settings: BenchSettings): Promise<string> {
  const machine = readMachine();
  const postgres = await findPostgres();
  return toReport(machine, versionOf(postgres), [], await restartLines(settings, postgres));
}

async function run(settings: BenchSettings): Promise<string> {
  if (settings.against !== undefined) return await runAgainst(settings, settings.against);
  if (settings.only === 'batch') return await runBatches(settings);
  if (settings.only === 'lists') return await runLists(settings);
  if (settings.only === 'dispatch') return await runDispatch(settings);
  if (settings.only === 'restart') return await runRestarts(settings);
  if (settings.only !== undefined)
    throw new Error(
      `INTERDICT_BENCH_ONLY may be "batch", "lists", "dispatch" or "restart", and is "${settings.only}".`,
    );
  const machine = readMachine();
  const generator = await startChild('load-generator.ts');
  const drops = await dropLines(settings);
  const stored = await measureStored(settings);
  const postgres = await findPostgres();
  const kinds = kindsOf(await openSilence());
  const compared = [...postComparisons(kinds, postgres), ...stored.compared];
  const single = sqlitePost(kinds.idle);
  const batch = sqlitePost(kinds.batch);
  const bares = [barePost, ...stored.compared.map(({ bare }) => bare)];
  say('measures in turns');
  const measured = await measureInTurns(
    [...bares, ...compared.map(({ system }) => system), batch],
    generator,
    settings,
  );
  const inBatches = batchLines(systemOf(measured, batch.name), systemOf(measured, single.name), BATCH_GOAL);
  const lists = [...(await stored.listLines()), ...(await stored.memoryLines(generator))];
  say('dispatches');
  const dispatched = await dispatchLines(settings, postgres);
  const restarted = await restartLines(settings, postgres);
  const lines = [...linesOf(measured, bares, compared), ...inBatches, ...lists, ...dispatched, ...restarted, ...drops];
  const without = typeof postgres === 'string' ? [line('**POST on PostgreSQL**', `not measured: ${postgres}`)] : [];
  return toReport(machine, versionOf(postgres), measured, [...lines, ...without]);
}

clearAwayOnSignals();
makeBenchFolder();
try {
  console.log(await run(readSettings()));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await clearAway();
}
