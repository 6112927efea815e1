import { expect, it } from 'vitest';
import { readResource } from './read-resource.ts';

it.each([
  ["status+eq+'Running'", "status eq 'Running'"],
  ["status%20eq%20'Running'", "status eq 'Running'"],
  ["clientContext+eq+'a%2Bb'", "clientContext eq 'a+b'"],
  ["clientContext eq 'a+b'", "clientContext eq 'a+b'"],
  ["clientContext%20eq%20'a%2Bb'", "clientContext eq 'a+b'"],
])('the filter of a resource is read as that of a list: %s', (written, meant) => {
  expect(readResource(`security/securityActions?$filter=${written}`).filter).toBe(meant);
});
