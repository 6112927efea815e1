import { afterAll, beforeAll, describe } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { describeConnector } from '../testing.ts';
import { type OpenLdap, startOpenLdap } from './testing/openldap-product.ts';
import { openLdapUnderTest } from './testing/openldap-under-test.ts';

describe.skipIf(!requirement('openldap').ok)('against the real slapd', () => {
  let product: OpenLdap | undefined;
  beforeAll(async () => {
    product = await startOpenLdap({ users: 200 });
  });
  afterAll(() => product?.stop());

  describeConnector(openLdapUnderTest(() => product as OpenLdap));
});
