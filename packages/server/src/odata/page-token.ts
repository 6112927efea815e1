import { sealText, type TokenScope, unsealText } from './sealed-text.ts';

/** Where a page begins, and what the first page was asked with. Plain data. */
export interface PageToken {
  readonly after: readonly string[];
  readonly top: number;
}

/** Opaque, signed, and made of letters that no client escapes. */
export const formatPageToken = (scope: TokenScope, { top, after }: PageToken): string =>
  sealText(scope, JSON.stringify([top, ...after]));

/** @throws {Refusal} invalidQueryOption for a token that was edited, or made for another tenant or collection */
export function parsePageToken(scope: TokenScope, text: string): PageToken {
  const [top, ...after] = JSON.parse(unsealText(scope, text)) as [number, ...string[]];
  return { top, after };
}
