import { describe, expect, it } from 'vitest';
import { betterOf, type LoadFinding, mayBeNoise } from './judge-load.ts';

const finding = (isTimed: boolean, broken?: string): LoadFinding => ({ promise: 'p', isTimed, broken });
const [kept, late, wrong] = [finding(true), finding(true, 'late'), finding(false, 'wrong')];

describe('of two loads', () => {
  it('is taken another only where nothing but what is timed is broken', () => {
    expect(mayBeNoise([kept, finding(false)])).toBe(false);
    expect(mayBeNoise([kept, late])).toBe(true);
    expect(mayBeNoise([late, wrong])).toBe(false);
  });

  it('what is timed need be kept in one, all else in both', () => {
    expect(betterOf([late, kept, finding(false)], [kept, late, wrong])).toEqual([kept, kept, wrong]);
    expect(betterOf([late, wrong], [late, finding(false)])).toEqual([late, wrong]);
  });
});
