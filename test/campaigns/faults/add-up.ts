import type { Finding } from '../campaign.ts';
import { some, type Told } from './told.ts';
import type { ToldCancels } from './told-cancels.ts';

/** What was found in one case of many. */
export interface CaseFindings {
  readonly words: string;
  readonly findings: readonly Finding[];
}

/** The findings of all cases, by promise: how many looked, and in which it was broken. */
export function addUp(cases: readonly CaseFindings[]): readonly Finding[] {
  const all = cases.flatMap(({ words, findings }) => findings.map((finding) => ({ words, ...finding })));
  return [...Map.groupBy(all, ({ promise }) => promise)].map(([promise, of]) => ({
    promise,
    seen: `${of.length} cases`,
    broken: some(of.filter(({ broken }) => broken !== undefined).map(({ words, broken }) => `${words}: ${broken}`)),
  }));
}

interface ToldAll {
  readonly told: Told;
  readonly cancels?: ToldCancels;
}

/** What clients were told in all cases. */
export function sumTold(cases: readonly ToldAll[]): string {
  const sum = (sizeOf: (one: ToldAll) => number): number => cases.reduce((total, one) => total + sizeOf(one), 0);
  const posts = `${sum(({ told }) => told.accepted.size)} accepted, ${sum(({ told }) => told.refused.size)} refused, ${sum(({ told }) => told.unknown.size)} not known`;
  const cancels = `of cancels ${sum((one) => one.cancels?.accepted.size ?? 0)}, ${sum((one) => one.cancels?.refused.size ?? 0)}, ${sum((one) => one.cancels?.unknown.size ?? 0)}`;
  return `${posts}; ${cancels}`;
}
