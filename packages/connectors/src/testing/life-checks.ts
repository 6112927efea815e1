import type { Target } from '@interdict/contract';
import { expect } from 'vitest';
import type { ConnectorAction, Effect } from '../connector.ts';
import {
  anEffect,
  applied,
  appliedAll,
  type Bench,
  type Check,
  calm,
  checkOnBench,
  expectInForce,
  inForce,
  look,
  mainAction,
  needed,
  released,
  targetValue,
} from './bench.ts';
import { aCall, inHours, MORE_FORMS, TENANT_A, TENANT_B } from './call-builder.ts';
import type { ConnectorUnderTest } from './connector-under-test.ts';

/** More than a page of any product that is known. */
const MANY = 120;

function formsOf(underTest: ConnectorUnderTest, action: ConnectorAction): readonly Target[] {
  return action.targetKinds.flatMap((kind) => {
    const more = underTest.targets?.[kind] ? [] : (MORE_FORMS[kind] ?? []);
    return [targetValue(underTest, kind, 0), ...more].map((value) => ({ kind, value }));
  });
}

async function livesAndEnds(bench: Bench, effect: Effect, isReversible: boolean): Promise<void> {
  await applied(bench, aCall(effect));
  await expectInForce(bench, [effect]);
  if (!isReversible) return;
  await released(bench, aCall(effect));
  await expectInForce(bench, []);
}

function eachForm(underTest: ConnectorUnderTest): readonly Check[] {
  return underTest.traits.actions.flatMap((action) =>
    formsOf(underTest, action).map((target) =>
      checkOnBench(
        underTest,
        `${action.name} of ${target.kind}:${target.value} is put in force, and taken back`,
        (bench) => livesAndEnds(bench, { tenantId: TENANT_A, action: action.name, target }, action.reversible),
      ),
    ),
  );
}

async function repeatsLeaveOneEntry(bench: Bench): Promise<void> {
  const effect = anEffect(bench.underTest);
  const first = aCall(effect);
  await applied(bench, first);
  const operations = await bench.product.operations?.();
  await applied(bench, { ...first, attempt: 2 });
  expect(await bench.product.operations?.(), 'a repeat is no new operation').toBe(operations);
  await expectInForce(bench, [effect]);
  await applied(bench, aCall(effect));
  await expectInForce(bench, [effect]);
  await applied(bench, aCall(effect, { expirationDateTime: inHours(2) }));
  await expectInForce(bench, [effect]);
}

async function endMoves(bench: Bench): Promise<void> {
  const effect = anEffect(bench.underTest);
  const { product } = bench;
  const endsAt = needed(product.endsAt, 'endsAt').bind(product);
  const told = [inHours(1), inHours(2)];
  const ends: number[] = [];
  for (const expirationDateTime of told) {
    await applied(bench, aCall(effect, { expirationDateTime }));
    const end = (await endsAt(effect))?.getTime() ?? 0;
    expect(end, 'the product drops it no earlier than told').toBeGreaterThanOrEqual(
      Date.parse(expirationDateTime) - 1_000,
    );
    ends.push(end);
  }
  expect(ends[1]).toBeGreaterThan(ends[0] ?? 0);
  await expectInForce(bench, [effect]);
}

async function releasesMayRepeat(bench: Bench): Promise<void> {
  const [effect, never] = [anEffect(bench.underTest, 0), anEffect(bench.underTest, 1)];
  await released(bench, aCall(never));
  await applied(bench, aCall(effect));
  const release = aCall(effect);
  await released(bench, release);
  await released(bench, { ...release, attempt: 2 });
  await released(bench, aCall(effect));
  await released(bench, aCall(never));
  await expectInForce(bench, []);
}

async function comesAgain(bench: Bench): Promise<void> {
  const effect = anEffect(bench.underTest);
  for (let round = 0; round < 3; round += 1) {
    await applied(bench, aCall(effect));
    await expectInForce(bench, [effect]);
    await released(bench, aCall(effect));
    await expectInForce(bench, []);
  }
}

async function verifyIsTruthful(bench: Bench): Promise<void> {
  const { product } = bench;
  const [effect, other] = [anEffect(bench.underTest, 0), anEffect(bench.underTest, 1)];
  expect(await look(bench, effect)).toMatchObject({ kind: 'absent' });
  await applied(bench, aCall(effect));
  await expectInForce(bench, [effect]);
  const before = [await inForce(bench), await product.operations?.()];
  const present = await look(bench, effect);
  expect(present.kind).toBe('present');
  expect('foreign' in present && present.foreign, 'ours is not foreign').not.toBe(true);
  expect(await look(bench, other)).toMatchObject({ kind: 'absent' });
  expect([await inForce(bench), await product.operations?.()], 'a look changes nothing').toEqual(before);
  await needed(product.lose, 'lose').call(product, effect);
  expect(await look(bench, effect), 'what vanished is seen').toMatchObject({ kind: 'absent' });
  await applied(bench, aCall(effect));
  await expectInForce(bench, [effect]);
  expect((await look(bench, effect)).kind).toBe('present');
  if (!mainAction(bench.underTest).reversible) return;
  await released(bench, aCall(effect));
  await expectInForce(bench, []);
  expect(await look(bench, effect)).toMatchObject({ kind: 'absent' });
}

async function listIsWhole(bench: Bench): Promise<void> {
  const { connector, product } = bench;
  const list = needed(connector.list, 'list').bind(connector);
  const texts = async (tenantId: string) =>
    (await list(tenantId, calm()))
      .map((listed) => `${listed.action} ${listed.target.kind}:${listed.target.value} ${listed.foreign}`)
      .sort();
  const foreign = bench.underTest.listsAllAsForeign === true;
  const written = (effect: Effect) => `${effect.action} ${effect.target.kind}:${effect.target.value} ${foreign}`;
  expect(await texts(TENANT_A)).toEqual([]);
  const ours = Array.from({ length: MANY }, (_, index) => anEffect(bench.underTest, index));
  const theirs = bench.underTest.traits.tenants === 'one' ? [] : [anEffect(bench.underTest, 3, TENANT_B)];
  await appliedAll(bench, [...ours, ...theirs]);
  await expectInForce(bench, [...ours, ...theirs]);
  expect(await texts(TENANT_A)).toEqual(ours.map(written).sort());
  if (theirs.length > 0) expect(await texts(TENANT_B)).toEqual(theirs.map(written));
  expect(await inForce(bench), 'a list changes nothing').toHaveLength(MANY + theirs.length);
  const [gone, ...left] = ours;
  if (gone) await needed(product.lose, 'lose').call(product, gone);
  expect(await texts(TENANT_A), 'what vanished is not listed').toEqual(left.map(written).sort());
}

/** What becomes of one effect as long as all goes well. */
export function lifeChecks(underTest: ConnectorUnderTest): readonly Check[] {
  const { traits } = underTest;
  const check = (title: string, run: (bench: Bench) => Promise<void>): Check => checkOnBench(underTest, title, run);
  const isReversible = mainAction(underTest).reversible;
  const checks = [...eachForm(underTest)];
  if (traits.idempotence !== 'none') {
    checks.push(check('an apply that comes again, or with a later end, leaves one entry', repeatsLeaveOneEntry));
  }
  if (traits.keepsTime) checks.push(check('a later end is told to the product', endMoves));
  if (isReversible) {
    checks.push(check('a release that comes again, or of what never was, is done', releasesMayRepeat));
    checks.push(check('an effect that was released can come again', comesAgain));
  }
  if (traits.probe === 'byTarget')
    checks.push(check('verify tells truly what is there, and changes nothing', verifyIsTruthful));
  if (underTest.hasList) checks.push(check('list is whole, of one tenant, and changes nothing', listIsWhole));
  return checks;
}
