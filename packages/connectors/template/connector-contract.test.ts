import { type ConnectorPorts, Secret } from '@interdict/connectors';
import { describeConnector } from '@interdict/connectors/testing';
import { connector } from './connector.ts';
import { ProductDouble } from './testing/product-double.ts';
import { TRAITS } from './traits.ts';

/** What the server offers to connectors that ask it for something; this one does not. */
const NO_PORTS = {} as ConnectorPorts;

describeConnector({
  name: 'my-product',
  traits: TRAITS,
  reach: 'http',
  misbehaviours: ['down', 'hang', 'refuse', 'throttle', 'nonsense', 'halfAnswer', 'lostAnswer', 'late', 'hostile'],
  refusalSubcode: 422,
  tellsForeign: true,
  hasList: true,
  async start() {
    const product = new ProductDouble('a-token-of-this-test-0123456789');
    await product.listen();
    const open = () =>
      connector.open(
        { name: 'test', own: { url: product.url, token: new Secret(product.token), allowPrivate: true } },
        NO_PORTS,
      );
    return product.underTest(open);
  },
});
