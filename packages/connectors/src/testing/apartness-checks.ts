import type { Target, TargetKind } from '@interdict/contract';
import { expect } from 'vitest';
import type { Effect } from '../connector.ts';
import {
  anEffect,
  applied,
  appliedAll,
  type Bench,
  type Check,
  calm,
  checkOnBench,
  expectInForce,
  look,
  mainAction,
  needed,
  release,
  released,
  releasedInTheEnd,
} from './bench.ts';
import { aCall, OVERLAPPING, TENANT_A, TENANT_B } from './call-builder.ts';
import type { ConnectorUnderTest } from './connector-under-test.ts';

async function tenantsStayApart(bench: Bench): Promise<void> {
  const [ours, theirs] = [anEffect(bench.underTest, 0, TENANT_A), anEffect(bench.underTest, 0, TENANT_B)];
  await applied(bench, aCall(ours));
  await applied(bench, aCall(theirs));
  await expectInForce(bench, [ours, theirs]);
  await released(bench, aCall(ours));
  await expectInForce(bench, [theirs]);
  if (bench.underTest.traits.probe === 'byTarget') {
    expect(await look(bench, ours)).toEqual({ kind: 'absent' });
    expect((await look(bench, theirs)).kind).toBe('present');
  }
  await released(bench, aCall(theirs));
  await expectInForce(bench, []);
}

/** Each of the two is released while the other stays, in both orders of coming. */
async function targetsStayApart(bench: Bench, pair: readonly [Effect, Effect]): Promise<void> {
  for (const [first, second] of [pair, [pair[1], pair[0]] as const]) {
    for (const [goes, stays] of [pair, [pair[1], pair[0]] as const]) {
      await applied(bench, aCall(first));
      await applied(bench, aCall(second));
      await expectInForce(bench, [first, second]);
      await released(bench, aCall(goes));
      await expectInForce(bench, [stays]);
      if (bench.underTest.traits.probe === 'byTarget') {
        expect(await look(bench, goes), 'what is released is not seen in what stays').toEqual({ kind: 'absent' });
        expect((await look(bench, stays)).kind).toBe('present');
      }
      await released(bench, aCall(stays));
      await expectInForce(bench, []);
    }
  }
}

/** The overlapping pairs of which one reversible action takes each. */
function overlaps(underTest: ConnectorUnderTest): readonly (readonly [Effect, Effect])[] {
  const builtIn = (kind: TargetKind): boolean => underTest.targets?.[kind] === undefined;
  const effect = (target: Target): Effect | undefined => {
    const action = underTest.traits.actions.find((each) => each.reversible && each.targetKinds.includes(target.kind));
    return action && builtIn(target.kind) ? { tenantId: TENANT_A, action: action.name, target } : undefined;
  };
  return OVERLAPPING.flatMap(([one, other]) => {
    const pair = [effect(one), effect(other)] as const;
    return pair[0] && pair[1] ? [[pair[0], pair[1]] as const] : [];
  });
}

async function manyAtOnce(bench: Bench): Promise<void> {
  const count = Math.min(Math.max(bench.underTest.traits.limits.concurrency, 4), 32);
  const first = Array.from({ length: count }, (_, index) => anEffect(bench.underTest, index));
  const second = Array.from({ length: count }, (_, index) => anEffect(bench.underTest, count + index));
  await appliedAll(bench, first);
  await expectInForce(bench, first);
  const releases = mainAction(bench.underTest).reversible ? first : [];
  await Promise.all([appliedAll(bench, second), ...releases.map((effect) => releasedInTheEnd(bench, aCall(effect)))]);
  await expectInForce(bench, releases.length > 0 ? second : [...first, ...second]);
}

async function strangersAreSeen(bench: Bench): Promise<void> {
  const { connector, product, underTest } = bench;
  const [theirs, ours] = [anEffect(underTest, 0), anEffect(underTest, 1)];
  await needed(product.putForeign, 'putForeign').call(product, theirs);
  const seen = await look(bench, theirs);
  expect(seen.kind).toBe('present');
  if (underTest.tellsForeign) expect(seen).toMatchObject({ kind: 'present', foreign: true });
  await applied(bench, aCall(ours));
  const list = await connector.list?.(TENANT_A, calm());
  if (!list) return;
  const marks = new Map(list.map(({ target, foreign }) => [target.value, foreign]));
  expect(marks.get(ours.target.value)).toBe(underTest.listsAllAsForeign === true);
  expect(marks.has(theirs.target.value), 'a list that is whole has what is foreign').toBe(true);
  if (underTest.tellsForeign) expect(marks.get(theirs.target.value)).toBe(true);
}

async function strangersSurvive(bench: Bench): Promise<void> {
  const { product } = bench;
  const [theirs, ours] = [anEffect(bench.underTest, 0), anEffect(bench.underTest, 1)];
  await needed(product.putForeign, 'putForeign').call(product, theirs);
  await applied(bench, aCall(ours));
  expect(await release(bench, aCall(theirs))).toMatchObject({ kind: 'done' });
  await released(bench, aCall(ours));
  await expectInForce(bench, [theirs]);
  expect(await look(bench, theirs)).toMatchObject({ kind: 'present', foreign: true });
}

async function strangersAreSpared(bench: Bench): Promise<void> {
  const { product } = bench;
  const theirs = anEffect(bench.underTest, 0);
  // What was ours before is not taken for ours again.
  await applied(bench, aCall(theirs));
  await released(bench, aCall(theirs));
  await needed(product.putForeign, 'putForeign').call(product, theirs);
  await applied(bench, aCall(theirs));
  expect(await look(bench, theirs), 'behind an apply').toMatchObject({ kind: 'present', foreign: true });
  await release(bench, aCall(theirs));
  await expectInForce(bench, [theirs]);
  expect(await look(bench, theirs), 'behind a release').toMatchObject({ kind: 'present', foreign: true });
}

/** That effects, tenants and strangers do not disturb each other. */
export function apartnessChecks(underTest: ConnectorUnderTest): readonly Check[] {
  const check = (title: string, run: (bench: Bench) => Promise<void>): Check => checkOnBench(underTest, title, run);
  const checks = [check('different effects may come and go at once', manyAtOnce)];
  if (mainAction(underTest).reversible) {
    if (underTest.traits.tenants !== 'one') {
      checks.push(check('one tenant does not lift what another holds', tenantsStayApart));
    }
    const pair = [anEffect(underTest, 0), anEffect(underTest, 1)] as const;
    for (const [one, other] of [pair, ...overlaps(underTest)]) {
      const title = `${one.target.kind}:${one.target.value} and ${other.target.kind}:${other.target.value} come and go apart`;
      checks.push(check(title, (bench) => targetsStayApart(bench, [one, other])));
    }
  }
  if (underTest.traits.seesForeign)
    checks.push(check('what strangers put there is seen before our first call', strangersAreSeen));
  if (underTest.tellsForeign && mainAction(underTest).reversible) {
    checks.push(check('a release leaves what strangers put there', strangersSurvive));
  }
  if (underTest.traits.sparesForeign)
    checks.push(check('an apply leaves what strangers put there, and the look behind it tells', strangersAreSpared));
  return checks;
}
