import { describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { createNamespace } from './testing/namespaces.ts';
import { createNftDouble } from './testing/nft-double.ts';
import { nftablesUnderTest } from './testing/nftables-under-test.ts';

describe.skipIf(!requirement('nftables').ok)('with a real kernel', () => {
  describeConnector(
    nftablesUnderTest('nftables', async () => {
      const namespace = createNamespace('kernel');
      return [await createNftDouble([...namespace.enter, 'nft']), namespace.remove];
    }),
  );
});
