import { describe, expect, test } from 'vitest';
import { toAnswer, toUnknown } from './answers.ts';
import { findFailure } from './nft-failure.ts';

const failed = (stderr: string, code: number | null = 1) => findFailure({ kind: 'exited', code, stdout: '', stderr });

describe('what nft 1.0.6 printed is understood', () => {
  test.each([
    ['internal:0:0-0: Error: Could not process rule: File exists\n\n', 'exists'],
    [
      'Error: Could not process rule: No such file or directory\nget element inet interdict b4 { 10.0.0.1 }\n^^^^',
      'missing',
    ],
    ['internal:0:0-0: Error: No such file or directory\n\n', 'missing'],
    ['Error: No such file or directory; did you mean set ‘b4’ in table inet ‘interdict’?\n', 'missing'],
    [
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n',
      'forbidden',
    ],
    ['internal:0:0-0: Error: Could not process rule: Operation not permitted\n\n', 'forbidden'],
    ['netlink: Error: cache initialization failed: Protocol not supported\n', 'misunderstood'],
    ['internal:0:0-0: Error: Parsing command array at index 0 failed.\n', 'misunderstood'],
    ['internal:0:0-0: Error: Unknown object passed to add command.\n', 'misunderstood'],
    ["Error: syntax error, unexpected '{'\n", 'misunderstood'],
    ['internal:0:0-0: Error: Could not process rule: Too many open files in system\n\n', 'busy'],
    ['internal:0:0-0: Error: Could not process rule: Device or resource busy\n\n', 'busy'],
    ['Error: Could not process rule: Interrupted system call\n', 'interrupted'],
    ['internal:0:0-0: Error: Could not process rule: Interrupted system call should be restarted\n\n', 'interrupted'],
    ['internal:0:0-0: Error: Could not process rule: Operation not supported\n\n', 'rejected'],
    ['/tmp/interdict-x.json:3:36-43: Error: Could not process rule: Invalid argument\n', 'rejected'],
    ['netlink: Error: Could not process rule: No buffer space available\n', 'overflow'],
  ])('%j is %s', (stderr, kind) => {
    expect(failed(stderr)).toMatchObject({ kind });
  });
});

describe('what nft does not say is not read out of its words', () => {
  test.each([
    ['Cannot open network namespace "x": No such file or directory\n'],
    ['nft: error while loading shared libraries: libnftables.so.1: No such file or directory\n'],
    ['sh: 1: nft: File exists\n'],
    ['Error: the table says No such file or directory\n'],
    ['Error: something new\n'],
    [''],
    ['Segmentation fault\n'],
  ])('%j may have done anything', (stderr) => {
    expect(failed(stderr)).toMatchObject({ kind: 'lost' });
  });

  test.each([2, 127, 255, null])('nor out of the code %s', (code) => {
    expect(failed('internal:0:0-0: Error: Could not process rule: File exists\n', code)).toMatchObject({
      kind: 'lost',
    });
  });

  test('code 0 is no failure', () => {
    expect(failed('', 0)).toBeUndefined();
  });
});

test.each([
  ['exists', 'unavailable', 'unavailable'],
  ['missing', 'unavailable', 'unavailable'],
  ['forbidden', 'unavailable', 'unavailable'],
  ['notStarted', 'unavailable', 'unavailable'],
  ['givenUp', 'unavailable', 'unavailable'],
  ['misunderstood', 'unavailable', 'unavailable'],
  ['interrupted', 'unavailable', 'unavailable'],
  ['busy', 'unavailable', 'unavailable'],
  ['rejected', 'refused', 'unavailable'],
  ['overflow', 'unknown', 'unknown'],
  ['lost', 'unknown', 'unknown'],
] as const)('%s: an apply is %s, a release %s, a look unknown', (kind, apply, release) => {
  const failure = { kind, message: 'Why.' };
  const isOurs = ['forbidden', 'notStarted', 'misunderstood'].includes(kind);
  expect(toAnswer(failure, 'apply')).toEqual({ kind: apply, message: 'Why.', ...(isOurs && { fault: 'ours' }) });
  expect(toAnswer(failure, 'release')).toMatchObject({ kind: release });
  expect(toUnknown(failure)).toEqual({ kind: 'unknown', message: 'Why.', ...(isOurs && { fault: 'ours' }) });
});
