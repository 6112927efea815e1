import { describe, expect, test } from 'vitest';
import type { ConnectorUnderTest } from './connector-under-test.ts';
import { connectorChecks, describeConnector } from './describe-connector.ts';
import { HOSTILE_ANSWERS } from './hostile-answers.ts';
import { TOY_TRAITS, ToyConnector } from './toy-connector.ts';
import { ToyProduct } from './toy-product.ts';

const toy = (bug: string): ConnectorUnderTest => ({
  name: `toy (${bug})`,
  traits: TOY_TRAITS,
  reach: 'http',
  misbehaviours: ['down', 'hang', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
  refusalSubcode: 422,
  tellsForeign: true,
  hasList: true,
  start: async () => {
    const product = new ToyProduct(bug);
    return product.underTest(() => new ToyConnector(product, bug));
  },
});

describeConnector(toy('no bug'));

/** Each bug, and the check that must see it. */
const BUGS: readonly (readonly [string, RegExp])[] = [
  ['makes a new key each time', /comes again, or with a later end/],
  ['makes a new key each time', /^a lost answer/],
  ['adds instead of setting', /comes again, or with a later end/],
  ['does not tell a later end', /^a later end is told/],
  ['refuses to release what is not there', /release that comes again/],
  ['looks from memory', /^verify tells truly/],
  ['sees everything', /^verify tells truly/],
  ['changes by looking', /^verify tells truly/],
  ['lists one page', /^list is whole/],
  ['lists all tenants', /^list is whole/],
  ['lifts all tenants', /^one tenant does not lift/],
  ['lifts by prefix', /^ip:198.51.100.8 and ip:198.51.100.9/],
  ['does not mark', /^what strangers put there/],
  ['lifts what is foreign', /^a release leaves what strangers/],
  ['refuses when down', /^a product that is down/],
  ['sees nothing when down', /^a product that is down/],
  ['lists nothing when down', /^a product that is down/],
  ['needs its product to open', /^a connector opens while/],
  ['ignores the signal', /^a product that never answers/],
  ['is sure after an abort', /^a product that never answers/],
  ['is sure after an abort', /^what lands after an abort/],
  ['takes one call at a time', /^calls that hang/],
  ['says no words', /^a refusal carries/],
  ['says no number', /^a refusal carries/],
  ['forgets when to come again', /^a product that throttles/],
  ['takes anything', /^an answer that means nothing/],
  ['takes half an answer', /^half an answer/],
  ['is done when lost', /^a lost answer/],
  ['is sure when lost', /^a lost answer/],
  ['says control characters', /^a lost answer/],
  ['sends though aborted', /aborted before it begins/],
  ['is stuck after a restart', /started again/],
  ['reads all', /hostile answers to an apply/],
  ['takes anything', /hostile answers to a release/],
  ['sees everything', /hostile answers to a look/],
  ['lists nothing when down', /hostile answers to a list/],
  ['sends what it does not offer', /does not offer/],
  ['shows its secret', /^its secrets/],
  ['says its secret back', /^its secrets/],
  ['wipes on close', /^closing leaves/],
  ['works when closed', /^closing leaves/],
  ['says too high a level', /is put in force/],
];

describe.concurrent('the suite for connectors sees', () => {
  test.each(BUGS)('a connector that %s: %s', async (bug, title) => {
    const checks = connectorChecks(toy(bug)).filter((check) => title.test(check.title));
    expect(checks.length).toBeGreaterThan(0);
    const outcomes = await Promise.allSettled(checks.map((check) => check.run()));
    expect(outcomes.map(({ status }) => status)).toContain('rejected');
  });

  test('a test that lets its product misbehave in fewer ways than the traits make necessary', async () => {
    const lazy = { ...toy('no bug'), misbehaviours: ['down'] } as const;
    const [check] = connectorChecks(lazy).filter(({ title }) => /in every way/.test(title));
    await expect(check?.run()).rejects.toThrow(/hang/);
  });

  test('a test without a hook that the traits make necessary', async () => {
    const bare = toy('no bug');
    const start = async () => {
      const { endsAt: _, ...product } = await bare.start();
      return product;
    };
    const [check] = connectorChecks({ ...bare, start }).filter(({ title }) => /every hook/.test(title));
    await expect(check?.run()).rejects.toThrow(/endsAt/);
  });
});

test('there are a hundred hostile answers, each with a name of its own', () => {
  expect(new Set(HOSTILE_ANSWERS.map(({ name }) => name)).size).toBe(100);
});
