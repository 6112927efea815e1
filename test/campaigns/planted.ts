import { applyPatch, copyTree, runTest } from '../planted/copied-tree.ts';
import { PLANTED_BUGS, type PlantedBug } from '../planted/planted-bugs.ts';
import { beginCampaign, createProgress, endCampaign, type Finding } from './campaign.ts';

/**
 * `npm run planted`: whether the tests would notice. Each bug is put into a copy of the tree, and the test that is named
 * for it must fail; without the bug it must pass. The short form takes five, which follow from the day.
 */
const WITHIN_MS = 600_000;
const DAY_MS = 86_400_000;

const campaign = beginCampaign('planted', { long: PLANTED_BUGS.length, short: 5 });

/** All, or some of them in turn: day by day each comes up. */
function chosen(): readonly PlantedBug[] {
  const count = Math.min(campaign.count, PLANTED_BUGS.length);
  const from = campaign.isShort ? Math.floor(Date.now() / DAY_MS) * count : 0;
  return Array.from({ length: count }, (_, index) => PLANTED_BUGS[(from + index) % PLANTED_BUGS.length] as PlantedBug);
}

const tree = copyTree();

function plant({ name, bug, file, test }: PlantedBug): Finding {
  const promise = `${name}: ${bug}`;
  const sound = runTest(tree, file, test, WITHIN_MS);
  if (sound.passed.length === 0 || sound.failed.length > 0) {
    return { promise, broken: `Without the bug, "${test}" of ${file} does not pass: it proves nothing.` };
  }
  applyPatch(tree, name);
  const began = performance.now();
  const { failed } = runTest(tree, file, test, WITHIN_MS);
  const seconds = Math.round((performance.now() - began) / 1_000);
  applyPatch(tree, name, true);
  if (failed.length === 0) return { promise, broken: `"${test}" of ${file} did not notice it.` };
  return { promise, seen: `${file}, "${test}", caught after ${seconds} s` };
}

const bugs = chosen();
const progress = createProgress(bugs.length);
const findings: Finding[] = [];
for (const bug of bugs) {
  findings.push(plant(bug));
  progress(findings.length, bug.name);
}
endCampaign(findings);
process.exit();
