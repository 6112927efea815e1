import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { haproxyUnderTest } from './testing/haproxy-product.ts';
import { toTraits } from './traits.ts';

describe.skipIf(!requirement('haproxy').ok)('with a real HAProxy', () => {
  describeConnector({
    name: 'haproxy',
    traits: toTraits(['ip', 'domain', 'url']),
    reach: 'network',
    groupsCalls: true,
    misbehaviours: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'late'],
    tellsForeign: true,
    hasList: true,
    start: haproxyUnderTest,
  });
});
