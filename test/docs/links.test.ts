import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readPage, withoutBlocks } from './page.ts';

const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules', 'data'] });

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Links of a page that stay in the repository. */
function linksOf(page: string): readonly Link[] {
  return withoutBlocks(page)
    .replace(/`[^`\n]*`/g, '')
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']): Link => ({ target, line: index + 1 })),
    )
    .filter(({ target }) => !/^(?:[a-z]+:|\/\/)/.test(target));
}

/** The names of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with a link; undefined where it leads somewhere. */
function faultOf(page: string, { target, line }: Link): string | undefined {
  const [file = '', anchor] = target.split('#');
  const found = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file));
  const place = `${page}, line ${line}: ${target}`;
  if (!existsSync(path.join(ROOT, found))) return `${place}: there is no such file`;
  if (anchor === undefined) return undefined;
  return anchorsOf(readPage(found)).has(anchor) ? undefined : `${place}: there is no such heading`;
}

describe('links between pages', () => {
  it('there are pages, and links on them', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['README.md', path.join('docs', 'api.md')]));
    expect(PAGES.flatMap((page) => linksOf(readPage(page))).length).toBeGreaterThan(80);
  });

  it.each(PAGES)('every link of %s leads somewhere', (page) => {
    const faults = linksOf(readPage(page)).map((link) => faultOf(page, link));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });
});
