import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { UNBOUND_UNDER_TEST } from './testing/unbound-under-test.ts';

describe.skipIf(!requirement('unbound').ok)('Unbound itself', () => describeConnector(UNBOUND_UNDER_TEST));
