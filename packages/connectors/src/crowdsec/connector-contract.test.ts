import { afterAll, beforeAll, describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing/describe-connector.ts';
import { type CrowdsecProduct, startCrowdsec } from './testing/crowdsec-product.ts';
import { crowdsecUnderTest } from './testing/crowdsec-under-test.ts';

describe.skipIf(!requirement('crowdsec').ok)('crowdsec', () => {
  let product: CrowdsecProduct;
  beforeAll(async () => {
    product = await startCrowdsec();
  }, 30_000);
  afterAll(() => product?.stop());

  describeConnector(crowdsecUnderTest(() => product));
});
