import { afterAll, beforeAll, describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { type Samba, startSamba } from './testing/samba-product.ts';
import { sambaUnderTest } from './testing/samba-under-test.ts';

describe.skipIf(!requirement('samba').ok)('against the real Samba', () => {
  let product: Samba | undefined;
  beforeAll(async () => {
    product = await startSamba({ users: 130 });
  }, 60_000);
  afterAll(() => product?.stop());

  describeConnector(sambaUnderTest(() => product as Samba));
});
