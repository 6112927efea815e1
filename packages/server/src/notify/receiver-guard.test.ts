import { describe, expect, it } from 'vitest';
import { createReceiverGuard, faultOfAllowed } from './receiver-guard.ts';

const guard = createReceiverGuard(['Receiver.Internal', '10.1.0.0/16', 'fd12::/16', '169.254.7.7', '::1']);

describe('a receiver', () => {
  it.each([
    ['hooks.example', '93.184.216.34'],
    ['hooks.example', '2606:2800:220:1::1'],
    ['anything', '10.1.255.255'],
    ['anything', '::ffff:10.1.0.1'],
    ['anything', 'fd12:1::1'],
    ['::1', '::1'],
    ['169.254.7.7', '169.254.7.7'],
    ['receiver.internal', '10.2.0.1'],
    ['receiver.internal.', '127.0.0.1'],
    ['RECEIVER.internal', '192.168.0.9'],
    ['receiver.internal', 'fd00::1'],
  ])('%s at %s may be connected to', (hostname, address) => {
    expect(guard.isAllowed(hostname, address)).toBe(true);
  });

  it.each([
    ['hooks.example', '10.2.0.1'],
    ['hooks.example', '127.0.0.1'],
    ['hooks.example', '::ffff:127.0.0.1'],
    ['sub.receiver.internal', '10.2.0.1'],
    ['receiver.internal.evil.example', '10.2.0.1'],
    ['receiver.internal', '169.254.169.254'],
    ['receiver.internal', '::ffff:169.254.169.254'],
    ['receiver.internal', 'fe80::1'],
    ['receiver.internal', 'fd00:ec2::254'],
    ['receiver.internal', '100.100.100.200'],
    ['receiver.internal', '168.63.129.16'],
    ['hooks.example', '168.63.129.16'],
    ['receiver.internal', '::ffff:168.63.129.16'],
    ['receiver.internal', 'fd20:ce::254'],
    ['receiver.internal', '64:ff9b::169.254.169.254'],
    ['receiver.internal', '64:ff9b:1::a9fe:a9fe'],
    ['receiver.internal', '::ffff:0:169.254.169.254'],
    ['receiver.internal', '2002:a9fe:a9fe::1'],
    ['receiver.internal', 'no address'],
  ])('%s at %s may not', (hostname, address) => {
    expect(guard.isAllowed(hostname, address)).toBe(false);
  });

  it.each(['receiver.internal', 'localhost', 'a_b.example.', '10.1.0.0/16', '10.0.0.7', 'fd00::/8', '::1'])(
    'can be allowed as %s',
    (entry) => {
      expect(faultOfAllowed(entry)).toBeUndefined();
    },
  );

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.256',
    'fd00::/129',
    'a b',
    'https://a.example',
    '*.example',
    'a/8',
    '10.0.0.0/8/8',
  ])('cannot be allowed as "%s"', (entry) => {
    expect(faultOfAllowed(entry)).toMatch(/is neither a host name nor a network/);
  });

  it.each([
    ['10.1.2.3/16', /Write 10\.1\.0\.0\/16, or the address/],
    ['10.1.2.3/31', /Write 10\.1\.2\.2\/31/],
    ['fd00:1::7/16', /Write fd00::\/16/],
    ['0.0.0.0/0', /every address there is/],
    ['::/0', /every address there is/],
  ])('cannot be allowed as %s, which is told', (entry, says) => {
    expect(faultOfAllowed(entry)).toMatch(says);
  });
});
