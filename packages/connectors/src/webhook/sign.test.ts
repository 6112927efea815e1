import { describe, expect, test } from 'vitest';
import { parseSigningKey, signedHeaders } from './sign.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

test('signs as the example of the Standard Webhooks does', () => {
  const headers = signedHeaders(
    parseSigningKey(SECRET),
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    new Date(1_614_265_330_000),
    '{"test": 2432232314}',
  );
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

describe('a signing key', () => {
  test('is what the base64 after whsec_ means', () => {
    expect(parseSigningKey(`whsec_${Buffer.alloc(24, 7).toString('base64')}`).export()).toEqual(Buffer.alloc(24, 7));
    expect(parseSigningKey(`whsec_${Buffer.alloc(25, 7).toString('base64').replace(/=+$/, '')}`).export()).toEqual(
      Buffer.alloc(25, 7),
    );
  });

  test('is the UTF-8 of any other text', () => {
    expect(parseSigningKey('éééééééééééé').export()).toEqual(Buffer.from('éééééééééééé'));
    expect(parseSigningKey('MfKQ9r8GKYqrTwjUPD8ILPZI').export().toString()).toBe('MfKQ9r8GKYqrTwjUPD8ILPZI');
  });

  test.each([
    ['', /0 bytes; it needs 24/],
    ['x'.repeat(23), /23 bytes; it needs 24/],
    [`whsec_${Buffer.alloc(23).toString('base64')}`, /23 bytes; it needs 24/],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-', /no base64/],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL aSw', /no base64/],
    ['whsec_', /0 bytes; it needs 24/],
  ])('is not made of %j, and the message does not hold it', (secret, message) => {
    expect(() => parseSigningKey(secret)).toThrow(message);
    expect(() => parseSigningKey(secret)).not.toThrow(secret.length > 6 ? secret.slice(6) : 'never');
  });
});
