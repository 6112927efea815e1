import { targetFromText } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { needsApproval } from './needs-approval.ts';

describe('needsApproval', () => {
  it.each([
    ['IsolateHost', 'host:laptop-17', true],
    ['DisableUser', 'user:mallory', true],
    ['BlockIp', 'ip:203.0.113.9', false],
    ['BlockIp', 'cidr:203.0.113.0/24', false],
    ['BlockIp', 'cidr:203.0.112.0/23', true],
    ['BlockIp', 'ip:2001:db8::9', false],
    ['BlockIp', 'cidr:2001:db8::/64', false],
    ['BlockIp', 'cidr:2001:db8::/63', true],
    ['BlockIp', 'cidr:64:ff9b::cb00:7100/120', false],
    ['BlockIp', 'cidr:64:ff9b::cb00:7000/119', true],
    ['BlockDomain', 'domain:evil.example', false],
    ['BlockUrl', 'url:http://evil.example/', false],
    ['BlockFile', 'md5:44d88612fea8a8f36de82e1278abb02f', false],
    ['Sinkhole', 'domain:evil.example', false],
    ['Sinkhole', 'cidr:203.0.112.0/23', true],
    ['constructor', 'ip:203.0.113.9', false],
  ])('%s on %s: %s', (action, target, expected) => {
    expect(needsApproval(action, targetFromText(target))).toBe(expected);
  });
});
