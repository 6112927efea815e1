import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOfPatch, patchOf } from './copied-tree.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

describe('planted bugs', () => {
  it('have a patch each, and no patch is there for nothing', () => {
    const patches = readdirSync(path.dirname(patchOf(''))).map((file) => file.replace(/\.patch$/, ''));
    expect(patches.sort()).toEqual(PLANTED_BUGS.map(({ name }) => name).sort());
    expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(20);
  });

  it.each(PLANTED_BUGS)('$name can be put in. Where it cannot, make its patch anew', ({ name }) => {
    expect(faultOfPatch(name)).toBeUndefined();
  });
});
