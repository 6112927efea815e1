import { afterAll, describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { squidUnderTest } from './testing/squid-under-test.ts';

describe.skipIf(!requirement('squid').ok)('by the helper', () => {
  const { underTest, stop } = squidUnderTest('helper');
  afterAll(stop);
  describeConnector(underTest);
});
