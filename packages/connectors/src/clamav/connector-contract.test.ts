import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { clamavUnderTest } from './testing/clamav-under-test.ts';

describe.skipIf(!requirement('clamav').ok)('with a real clamd', () => describeConnector(clamavUnderTest));
