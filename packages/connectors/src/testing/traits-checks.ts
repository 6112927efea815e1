import { expect } from 'vitest';
import { type Bench, type Check, checkOnBench, needed } from './bench.ts';
import {
  type ConnectorUnderTest,
  isBehindSocket,
  type ProductUnderTest,
  requiredMisbehaviours,
} from './connector-under-test.ts';

const NAME = /^[A-Z][A-Za-z0-9]{0,63}$/;

function agreeWithThemselves({ underTest, connector }: Bench): void {
  const { traits } = underTest;
  expect(connector.traits).toEqual(traits);
  const names = traits.actions.map(({ name }) => name.toLowerCase());
  expect(new Set(names).size, 'each action once').toBe(names.length);
  for (const action of traits.actions) {
    expect(action.name).toMatch(NAME);
    expect(action.targetKinds.length, `${action.name} takes a kind of target`).toBeGreaterThan(0);
  }
  if (traits.verification === 'readBack') expect(connector.verify, 'readBack needs verify').toBeDefined();
  if (traits.probe === 'byTarget') expect(connector.verify, 'a probe is verify').toBeDefined();
  if (traits.seesForeign) expect(traits.probe, 'only a probe sees what is foreign').toBe('byTarget');
  if (traits.sparesForeign) expect(underTest.tellsForeign, 'the look behind tells whose it is').toBe(true);
  if (underTest.tellsForeign) expect(traits.seesForeign, 'whose it is shows only where it is seen').toBe(true);
  expect(connector.list !== undefined, 'hasList').toBe(underTest.hasList);
  expect(traits.timeoutMs).toBeGreaterThan(0);
  expect(traits.maxLatenessMs).toBeGreaterThanOrEqual(0);
  expect(traits.limits.concurrency).toBeGreaterThanOrEqual(1);
}

function hooksAreThere({ underTest, product }: Bench): void {
  const { traits, reach } = underTest;
  const hooks: (keyof ProductUnderTest)[] = [];
  if (traits.idempotence === 'native') hooks.push('operations');
  if (traits.keepsTime) hooks.push('endsAt');
  if (traits.seesForeign) hooks.push('putForeign');
  if (traits.probe === 'byTarget' || underTest.hasList) hooks.push('lose');
  if (isBehindSocket(reach)) hooks.push('restart');
  for (const hook of hooks) needed(product[hook], hook);
}

/** What a connector says of itself, and whether its test tries enough. */
export function traitsChecks(underTest: ConnectorUnderTest): readonly Check[] {
  const { traits, reach, misbehaviours } = underTest;
  return [
    checkOnBench(underTest, 'the traits agree with each other and with what is there', async (bench) =>
      agreeWithThemselves(bench),
    ),
    checkOnBench(underTest, 'the test has every hook that the traits make necessary', async (bench) =>
      hooksAreThere(bench),
    ),
    {
      title: 'the test lets the product misbehave in every way that the traits make necessary',
      run: async () => {
        const missing = requiredMisbehaviours(traits, reach).filter((kind) => !misbehaviours.includes(kind));
        expect(missing.join(', '), 'misbehaviours that must be tried').toBe('');
      },
    },
  ];
}
