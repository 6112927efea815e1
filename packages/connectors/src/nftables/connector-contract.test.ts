import { describeConnector } from '../testing.ts';
import { createNftDouble } from './testing/nft-double.ts';
import { nftablesUnderTest } from './testing/nftables-under-test.ts';

describeConnector(
  nftablesUnderTest('nftables on a double of nft', async () => [await createNftDouble(), () => undefined]),
);
