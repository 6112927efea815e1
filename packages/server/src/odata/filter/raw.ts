import type { Collection, Literal } from './expression.ts';
import type { Reader } from './reader.ts';

/** A filter as it was read, before its names are known. `at` is where it begins. */
export type Raw =
  | { readonly kind: 'literal'; readonly literal: Literal; readonly at: number }
  | { readonly kind: 'enum'; readonly typeName: string; readonly members: string; readonly at: number }
  | { readonly kind: 'path'; readonly names: readonly string[]; readonly at: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Raw[]; readonly at: number }
  | { readonly kind: 'not'; readonly operand: Raw; readonly at: number }
  | { readonly kind: 'binary'; readonly op: string; readonly left: Raw; readonly right: Raw; readonly at: number }
  | { readonly kind: 'in'; readonly left: Raw; readonly items: readonly Raw[]; readonly at: number }
  | {
      readonly kind: 'lambda';
      readonly quantifier: 'any' | 'all';
      readonly over: readonly string[];
      readonly variable: string;
      readonly body: Raw | null;
      readonly at: number;
    }
  /** Something that is not served; the reader has noted what. */
  | { readonly kind: 'nothing'; readonly at: number };

export const COLLECTIONS: readonly Collection[] = ['parameters', 'states'];

/** Reads an expression within another: handed down, since the two hold each other. */
export type ReadExpression = (reader: Reader) => Raw;
