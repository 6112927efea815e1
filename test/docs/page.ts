import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '..', '..');

/** A page of the documentation, by its path in the repository. */
export const readPage = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** The part of a page under one heading, up to the next of the same or a higher level. */
export function sectionOf(page: string, title: string): string {
  const lines = withoutBlocks(page).split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
  if (from < 0) throw new Error(`There is no section "${title}".`);
  const level = lines[from]?.indexOf(' ') ?? 0;
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return page
    .split('\n')
    .slice(from, end < 0 ? undefined : from + 1 + end)
    .join('\n');
}

/** The text with as many lines, but nothing in its fenced blocks. */
export function withoutBlocks(page: string): string {
  let isInside = false;
  return page
    .split('\n')
    .map((line) => {
      const isFence = line.startsWith('```');
      if (isFence) isInside = !isInside;
      return isFence || isInside ? '' : line;
    })
    .join('\n');
}

export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of the page at which it begins. */
  readonly line: number;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = page.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const language = /^```(\w*)/.exec(lines[index] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    blocks.push({ language, text: `${lines.slice(index + 1, end).join('\n')}\n`, line: index + 2 });
    index = end;
  }
  return blocks;
}

const cellsOf = (row: string): string[] =>
  row
    .replaceAll('\\|', '\u0000')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\u0000', '|'));

/** The rows of every table of a text whose head begins as given, each as a list of its cells. */
export function rowsOf(text: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const tables = withoutBlocks(text)
    .split('\n\n')
    .map((part) =>
      part
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map(cellsOf),
    );
  return tables
    .filter(([first = []]) => head.every((cell, index) => first[index] === cell))
    .flatMap((rows) => rows.slice(2));
}

/** What a cell holds in code, as in `name`. */
export const codeIn = (cell: string | undefined): string | undefined => /^`([^`]+)`/.exec(cell ?? '')?.[1];
