import { readFileSync } from 'node:fs';
import { type TargetKind, targetFromText, targetText, VOCABULARY } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { PROTECTION_RULES } from '../protected/guarded.ts';
import { createProtectedTargets } from '../protected/protected-targets.ts';
import { parseTarget } from './parse-target.ts';

const PAGE = readFileSync(new URL('../../../../../docs/targets.md', import.meta.url), 'utf8');

const unescaped = (text: string): string =>
  text.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

const inCode = (cell: string): string => unescaped(cell.replace(/^`|`$/g, ''));

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** Rows of every table of a section whose head is as given. */
function rowsOf(section: string, ...head: [string, string]): [string, string][] {
  const tables = section.split('\n\n').map((block) => block.trim().split('\n').map(cellsOf));
  return tables
    .filter(([first = []]) => first.join('|') === head.join('|'))
    .flatMap((rows) => rows.slice(2))
    .map(([left = '', right = '']) => [inCode(left), right.startsWith('`') ? inCode(right) : right]);
}

const sectionOf = (title: string): string => PAGE.split(/^##? /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

describe('docs/targets.md', () => {
  for (const [action, { targetKinds }] of Object.entries(VOCABULARY)) {
    const kinds: readonly TargetKind[] = targetKinds;
    const accepted = rowsOf(sectionOf(action), 'sent', 'kept as');
    const refused = rowsOf(sectionOf(action), 'sent', 'refused, because it');

    it(`has examples of both for ${action}`, () => {
      expect(Math.min(accepted.length, refused.length)).toBeGreaterThanOrEqual(2);
    });
    it.each(accepted)(`${action}: %j is kept as %j`, (sent, kept) => {
      expect(targetText(parseTarget(kinds, sent, 'p'))).toBe(kept);
    });
    it.each(refused)(`${action}: %j is refused: %s`, (sent, why) => {
      expect(() => parseTarget(kinds, sent, 'p')).toThrow(why);
    });
  }

  const protection = createProtectedTargets({
    configured: [
      {
        ips: ['10.0.0.0/8', '2001:db8:1::/48'],
        domains: ['corp.example'],
        users: ['breakglass'],
        hosts: ['dc1.corp.example'],
      },
    ],
    discovered: { addresses: [{ value: '198.51.100.7', role: 'an address of this server' }], domains: [] },
  });
  const verdicts = rowsOf(sectionOf('Protected targets'), 'target', 'rule');

  it('lists every rule, in order', () => {
    expect(rowsOf(sectionOf('Protected targets'), 'rule', 'protects').map(([rule]) => rule)).toEqual(PROTECTION_RULES);
  });
  it('shows each rule at work', () => {
    const shown = new Set(verdicts.map(([, rule]) => rule));
    expect(PROTECTION_RULES.filter((rule) => !shown.has(rule))).toEqual([]);
  });
  it.each(verdicts)('%s: %s', (text, rule) => {
    expect(protection.refusalFor('t', targetFromText(text))?.rule ?? 'none').toBe(rule);
  });
});
