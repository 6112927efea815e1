import { describe, expect, it } from 'vitest';
import { explore } from '../model/explore.ts';
import { CONTROLS, SCENARIOS } from '../model/scenarios.ts';

const MOST = 100_000;

describe('the model', () => {
  it('explores all that one cancel and one lost answer may come to, and no promise breaks', () => {
    const [scenario] = SCENARIOS;
    if (!scenario) throw new Error('There is no scenario.');
    const small = { ...scenario, budget: { ...scenario.budget, crashes: 0 } };
    const { states, broken, isWhole } = explore({ scenario: small, fault: undefined }, MOST);
    expect(broken).toBeUndefined();
    expect(isWhole).toBe(true);
    expect(states).toBeGreaterThan(10_000);
  });

  it('keeps every promise where a process stands still, and its outcome comes when another holds the lease', () => {
    const scenario = CONTROLS.find(({ fault }) => fault === 'noFence')?.scenario;
    if (!scenario) throw new Error('There is no control without a fence.');
    expect(explore({ scenario, fault: undefined }, MOST).broken).toBeUndefined();
  }, 60_000);

  const quick = CONTROLS.filter(({ scenario: { budget } }) => budget.gaps + budget.pauses === 0);
  it.each(quick.map(({ fault, words, scenario }) => [fault, words, scenario] as const))(
    'sees what breaks under %s: %s',
    (fault, _, scenario) => {
      const { broken } = explore({ scenario, fault }, MOST);
      expect(broken?.way.length).toBeGreaterThan(1);
    },
  );
});
