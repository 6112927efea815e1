import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import { checkImage, layOut, startsOn } from '../powercut/check-image.ts';
import { createDisk, type Disk, follow, imageAfterCut, type Tear } from '../powercut/disk-model.ts';
import { compileShim, copyWithNormal, recordRun } from '../powercut/record-run.ts';
import { acknowledgedIn, readSideLog } from '../powercut/side-log.ts';
import { beginCampaign, boundOf, createProgress, endCampaign, type Finding } from './campaign.ts';

/**
 * `npm run powercut`: what if the power had failed here? A server runs under load with a shim that writes down every
 * write, sync and answer in order. For each of `count` moments the files are rebuilt as a disk may have them: all that
 * was synced, and of the rest nothing, everything, or some sectors. An action counts as acknowledged from before its
 * 201 is handed to the network, which is early: it can only make the verdict harder.
 */
const CUTS_A_RUN = 50;
const POSTS_A_RUN = 1_500;
/** One in so many images is given to a whole server, all to the store's own opening. */
const STARTED_SHARE = 5;
const CONTROL_CUTS = 25;
const TEARS: readonly Tear[] = ['nothing', 'someSectors', 'someSectors', 'everything'];

interface Tally {
  cuts: number;
  checked: number;
  lost: number;
  readonly losing: string[];
  readonly corrupt: string[];
  started: number;
  readonly notStarted: string[];
  unsynced: number;
}

interface Cut {
  readonly acknowledged: readonly string[];
  readonly data: string;
  readonly where: string;
  readonly isControl: boolean;
}

const newTally = (): Tally => ({
  cuts: 0,
  checked: 0,
  lost: 0,
  losing: [],
  corrupt: [],
  started: 0,
  notStarted: [],
  unsynced: 0,
});

const campaign = beginCampaign('powercut', { long: 1_000, short: 50 });
const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-powercut-'));
const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
process.once('exit', removeFolder);
const progress = createProgress(campaign.count + CONTROL_CUTS);
const random = seededRandom(campaign.seed);
let done = 0;

/** Moments of a log, in order: half of them anywhere, half right behind an answer, where the server has promised most. */
function momentsOf(kinds: readonly string[], cuts: number): ReadonlySet<number> {
  const answers = kinds.flatMap((kind, index) => (kind === 'A' ? [index] : []));
  const moments = new Set<number>();
  for (let tries = 0; moments.size < Math.min(cuts, kinds.length) && tries < cuts * 50; tries += 1) {
    const isAnswer = moments.size % 2 === 1 && answers.length > 0;
    const at = isAnswer ? answers[Math.floor(random() * answers.length)] : Math.floor(random() * kinds.length);
    if (at !== undefined) moments.add(at);
  }
  return moments;
}

function lookAt(image: string, acknowledged: readonly string[], where: string, tally: Tally): void {
  try {
    const { integrity, lost } = checkImage(image, acknowledged);
    if (integrity !== 'ok') tally.corrupt.push(`${where}: ${integrity.slice(0, 200)}`);
    if (lost.length > 0) tally.losing.push(`${where}: ${lost.length} of ${acknowledged.length} lost`);
    tally.lost += lost.length;
    tally.checked += acknowledged.length;
  } catch (error) {
    tally.corrupt.push(`${where}: ${String(error).slice(0, 200)}`);
  }
}

/** One cut: the files as they may be, opened by the store, and by a whole server now and then. */
async function cut(disk: Disk, { acknowledged, data, where, isControl }: Cut, tally: Tally): Promise<void> {
  const image = path.join(folder, 'image');
  const tear = TEARS[Math.floor(random() * TEARS.length)] ?? 'nothing';
  const words = `cut ${tally.cuts + 1} ${where}, ${tear} of the unsynced`;
  if ([...disk.files.values()].some(({ pending }) => pending.length > 0)) tally.unsynced += 1;
  layOut(imageAfterCut(disk, tear, random), data, image);
  if (!isControl && tally.cuts % STARTED_SHARE === 0) {
    const fault = await startsOn(image);
    tally.started += 1;
    if (fault !== undefined) tally.notStarted.push(`${words}: ${fault.slice(0, 300)}`);
  }
  lookAt(image, acknowledged, words, tally);
  tally.cuts += 1;
  done += 1;
  progress(done, `${tally.checked} acknowledged actions looked for, ${tally.lost} lost`);
}

async function cutRun(cuts: number, tally: Tally, main: string | undefined, shim: string): Promise<void> {
  const { log, data } = await recordRun({ shim, folder, posts: POSTS_A_RUN, ...(main !== undefined && { main }) });
  const records = [...readSideLog(log)];
  const moments = momentsOf(
    records.map(({ kind }) => kind),
    cuts,
  );
  const disk = createDisk();
  const acknowledged: string[] = [];
  for (const [index, record] of records.entries()) {
    follow(disk, record);
    const id = acknowledgedIn(record);
    if (id !== undefined) acknowledged.push(id);
    const where = `behind record ${index + 1} of ${records.length}`;
    if (moments.has(index)) await cut(disk, { acknowledged, data, where, isControl: main !== undefined }, tally);
  }
  if (acknowledged.length < POSTS_A_RUN / 2) throw new Error(`The shim saw only ${acknowledged.length} answers.`);
}

async function run(): Promise<readonly Finding[]> {
  const shim = compileShim(folder);
  const tally = newTally();
  while (tally.cuts < campaign.count)
    await cutRun(Math.min(CUTS_A_RUN, campaign.count - tally.cuts), tally, undefined, shim);
  const control = newTally();
  await cutRun(CONTROL_CUTS, control, copyWithNormal(folder), shim);
  const first = (found: readonly string[]): string | undefined =>
    found.length === 0 ? undefined : `${found.length}: ${found.slice(0, 3).join('; ')}`;
  return [
    {
      promise: 'no power cut loses what was acknowledged',
      seen: `${tally.cuts} cuts, ${tally.unsynced} with something unsynced; ${tally.checked} acknowledged actions looked for, ${tally.lost} lost; ${boundOf(tally.cuts)} a cut`,
      broken: first(tally.losing),
    },
    {
      promise: 'every image opens and passes integrity_check',
      seen: `${tally.cuts - tally.corrupt.length} of ${tally.cuts}`,
      broken: first(tally.corrupt),
    },
    {
      promise: 'the server starts on an image by itself',
      seen: `${tally.started - tally.notStarted.length} of ${tally.started}`,
      broken: first(tally.notStarted),
    },
    {
      promise: 'with synchronous=NORMAL the same rig finds losses',
      seen: `${control.losing.length} of ${control.cuts} cuts lost ${control.lost} acknowledged actions`,
      broken: control.lost > 0 ? undefined : 'It lost nothing: this rig proves nothing.',
    },
  ];
}

endCampaign(await run());
