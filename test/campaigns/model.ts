import { type Explored, explore } from '../model/explore.ts';
import { CONTROLS, LONG_SCENARIOS, SCENARIOS } from '../model/scenarios.ts';
import type { Scenario } from '../model/state.ts';
import { beginCampaign, endCampaign, type Finding } from './campaign.ts';

/** A whole exploration is exact: there is no seed. So many states fit into memory. */
const MOST_STATES = { long: 12_000_000, short: 1_000_000 };
/** What one exploration must come to in CI at the least. */
const LEAST_STATES = 100_000;

const settings = beginCampaign('model', { long: MOST_STATES.long, short: MOST_STATES.short });
const SAY_EVERY_MS = 10_000;

function timed(run: (say: (states: number) => void) => Explored): {
  readonly explored: Explored;
  readonly cpuS: number;
} {
  const before = process.cpuUsage();
  let saidAt = performance.now();
  const explored = run((states) => {
    if (performance.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = performance.now();
    console.log(`  … ${states.toLocaleString('en')} states`);
  });
  const { user, system } = process.cpuUsage(before);
  return { explored, cpuS: (user + system) / 1e6 };
}

const figures = ({ states, transitions, depth }: Explored, cpuS: number): string =>
  `${states.toLocaleString('en')} states, ${transitions.toLocaleString('en')} transitions, depth ${depth}, ${cpuS.toFixed(1)} s of CPU`;

function faultIn({ broken, isWhole }: Explored): string | undefined {
  if (broken) return [broken.promise, ...broken.way].join('\n    ');
  return isWhole ? undefined : 'There are more states than were looked at.';
}

function exploreOne(scenario: Scenario): {
  readonly finding: Finding;
  readonly states: number;
  readonly transitions: number;
} {
  const { explored, cpuS } = timed((say) => explore({ scenario, fault: undefined }, settings.count, say));
  console.log(`  ${scenario.name}: ${figures(explored, cpuS)}`);
  const finding = { promise: scenario.name, broken: faultIn(explored), seen: figures(explored, cpuS) };
  return { finding, ...explored };
}

function exploreControl({ fault, words, scenario }: (typeof CONTROLS)[number]): Finding {
  const { explored, cpuS } = timed((say) => explore({ scenario, fault }, settings.count, say));
  const { broken } = explored;
  if (!broken) return { promise: `control ${fault}: ${words}`, broken: 'It was not found to break anything.' };
  console.log(`  ${fault}: ${broken.promise}\n    ${broken.way.join('\n    ')}`);
  return {
    promise: `control ${fault}: ${words}`,
    seen: `${broken.way.length} steps: ${broken.promise} ${cpuS.toFixed(1)} s`,
  };
}

const isAskedFor = (name: string): boolean => name.includes(process.env.INTERDICT_ONLY ?? '');
const scenarios = settings.isShort ? SCENARIOS : [...SCENARIOS, ...LONG_SCENARIOS];

console.log('explorations:');
const began = { at: performance.now(), cpu: process.cpuUsage() };
const explored = scenarios.filter(({ name }) => isAskedFor(name)).map(exploreOne);
const seconds = (performance.now() - began.at) / 1_000;
const used = process.cpuUsage(began.cpu);
const cpuS = (used.user + used.system) / 1e6;
console.log('controls, each by the shortest way:');
const controls = CONTROLS.filter(({ fault }) => isAskedFor(fault)).map(exploreControl);
const states = explored.reduce((sum, each) => sum + each.states, 0);
const transitions = explored.reduce((sum, each) => sum + each.transitions, 0);
const isAll = process.env.INTERDICT_ONLY === undefined;
endCampaign([
  ...explored.map(({ finding }) => finding),
  ...controls,
  {
    promise: `${LEAST_STATES.toLocaleString('en')} different states were looked at, in whole explorations`,
    broken: isAll && states < LEAST_STATES ? `They were ${states}.` : undefined,
    seen: `${states.toLocaleString('en')} states, ${transitions.toLocaleString('en')} transitions in ${cpuS.toFixed(0)} s of CPU, ${seconds.toFixed(0)} of the clock`,
  },
]);
