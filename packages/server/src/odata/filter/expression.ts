/** Types of values that an expression can have. Enumerations are texts of a closed list. */
export type ValueType =
  | 'boolean'
  | 'string'
  | 'number'
  | 'dateTimeOffset'
  | 'date'
  | 'timeOfDay'
  | 'duration'
  | 'guid'
  | 'operationStatus'
  | 'enforcementState';

export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

export type FunctionName =
  | 'startswith'
  | 'endswith'
  | 'contains'
  | 'tolower'
  | 'toupper'
  | 'length'
  | 'indexof'
  | 'substring'
  | 'trim'
  | 'concat'
  | 'year'
  | 'month'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'date'
  | 'now';

/** Collections of a securityAction that `any` and `all` range over. */
export type Collection = 'parameters' | 'states';

/**
 * A literal. `null` has no type. A moment (`dateTimeOffset`) is UTC text without zone, fraction of seven digits or,
 * where a digit behind the seventh is not 0, more: text order is time order, and a stored moment is this and `Z`.
 */
export interface Literal {
  readonly kind: 'literal';
  readonly type: ValueType | 'null';
  readonly value: string | number | boolean | null;
}

/**
 * A property of the entity, by its canonical path (`vendorInformation/provider`, `enforcement/target`, `id`); with
 * `of`, a member of a lambda's variable (`name`).
 */
export interface Path {
  readonly kind: 'path';
  readonly path: string;
  readonly type: ValueType;
  /** The lambda variable that it belongs to; absent for a property of the entity. */
  readonly of?: string;
}

/**
 * A `$filter` that was understood, with every name and type resolved. Plain data: it travels between threads. A tree of
 * at most 100 nodes and 16 levels.
 */
export type Expression =
  | Literal
  | Path
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly op: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'in'; readonly left: Expression; readonly items: readonly Literal[] }
  | {
      readonly kind: 'call';
      readonly name: FunctionName;
      readonly type: ValueType;
      readonly args: readonly Expression[];
    }
  | {
      readonly kind: 'any' | 'all';
      readonly over: Collection;
      readonly variable: string;
      /** Null for `any()`: there is a member at all. */
      readonly body: Expression | null;
    };
