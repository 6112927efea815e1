import { describe, expect, test } from 'vitest';
import type { ProviderSettings } from '../connector-kind.ts';
import { Secret } from '../secret.ts';
import { configSchema, parseConfig } from './config.ts';

const SECRET = 'a secret of 24 bytes or more';
const settings = (own: Record<string, unknown>, actions?: readonly string[]): ProviderSettings => ({
  name: 'edge',
  own: { url: 'https://soar.example/interdict?a=b', secret: new Secret(SECRET), ...own },
  ...(actions && { actions }),
});

describe('the configuration of a webhook', () => {
  test('is strict unless it says otherwise', () => {
    expect(parseConfig(settings({}))).toMatchObject({ verify: false, allowPrivate: false });
    expect(parseConfig(settings({})).url.href).toBe('https://soar.example/interdict?a=b');
  });

  test.each([['ftp://soar.example/'], ['soar.example'], ['/interdict'], [''], [7], [undefined], ['https://']])(
    'refuses the url %j',
    (url) => {
      expect(() => parseConfig(settings({ url }))).toThrow('no https URL');
    },
  );

  test.each([
    ['http://soar.example/', 'not https'],
    ['https://user@soar.example/', 'user name or password'],
    ['https://user:word@soar.example/', 'user name or password'],
    ['https://soar.example/#part', 'fragment'],
  ])('refuses the url %s and says why', (url, why) => {
    expect(() => parseConfig(settings({ url }))).toThrow(why);
  });

  test.each([
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '127。0。0。1',
    '①②⑦.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fd00::1]',
  ])('refuses the address %s unless private ones are allowed', (host) => {
    const url = `https://${host}/`;
    expect(() => parseConfig(settings({ url }))).toThrow('is not public');
    expect(parseConfig(settings({ url, allowPrivate: true })).allowPrivate).toBe(true);
  });

  test('allows http with allowPrivate', () => {
    expect(parseConfig(settings({ url: 'http://soar.internal:8080/', allowPrivate: true })).url.host).toBe(
      'soar.internal:8080',
    );
  });

  test('takes only a true true for a flag', () => {
    expect(parseConfig(settings({ verify: 'true' }))).toMatchObject({ verify: false });
    expect(() => parseConfig(settings({ url: 'http://10.0.0.1/', allowPrivate: 'true' }))).toThrow();
  });

  test.each([undefined, 'in the clear and long enough', { env: 'EDGE' }])('refuses the secret %j', (secret) => {
    expect(() => parseConfig(settings({ secret }))).toThrow('needs a secret');
  });

  test('refuses a short secret', () => {
    expect(() => parseConfig(settings({ secret: new Secret('short') }))).toThrow('24 or more');
  });

  test('refuses an action that no webhook offers, and names those that it does', () => {
    expect(() => parseConfig(settings({}, ['BlockIp', 'constructor']))).toThrow(/no action constructor; .*BlockDomain/);
    expect(() => parseConfig(settings({}, ['BlockIp', 'DisableUser']))).not.toThrow();
  });

  test('describes each of its keys', () => {
    for (const schema of Object.values(configSchema.properties)) expect(schema.description).toMatch(/\.$/);
  });
});
