/** Faults of disks, databases, clocks and products, one after the other; `INTERDICT_ONLY=name` runs one. */
import { beginCampaign, createProgress, endCampaign, type Finding } from './campaign.ts';
import { databaseRestart } from './faults/database-restart.ts';
import type { Fault } from './faults/fault.ts';

const FAULTS: readonly Fault[] = [databaseRestart];

const only = process.env.INTERDICT_ONLY;
const chosen = FAULTS.filter(({ name }) => only === undefined || only === '' || name === only);
if (chosen.length === 0) {
  throw new Error(`There is no fault "${only}". There are: ${FAULTS.map(({ name }) => name).join(', ')}.`);
}

async function runFault({ name, cases, run }: Fault): Promise<readonly Finding[]> {
  const settings = beginCampaign(`faults/${name}`, cases);
  try {
    const found = await run({ ...settings, say: createProgress(settings.count) });
    return found.map((finding) => ({ ...finding, promise: `${name}: ${finding.promise}` }));
  } catch (error) {
    const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ promise: `${name}: runs to its end`, broken }];
  }
}

const findings: Finding[] = [];
for (const fault of chosen) findings.push(...(await runFault(fault)));
endCampaign(findings);
