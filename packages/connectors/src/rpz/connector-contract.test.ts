import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { rpzUnderTest } from './testing/rpz-under-test.ts';

describe.skipIf(!requirement('bind').ok)('rpz', () => describeConnector(rpzUnderTest));
