import type { JsonSchema } from '@interdict/contract';
import type { ProviderSettings } from '../connector-kind.ts';
import { findDurationMs } from '../duration.ts';
import { findProgram } from './find-program.ts';
import { findNetwork, type Network, overlap } from './network.ts';

/** What one provider of this connector was configured to do. */
export interface Settings {
  readonly table: string;
  /** A name for PATH, or an absolute path. */
  readonly nft: string;
  /** None lies in another: nft refuses such a list. */
  readonly never: readonly Network[];
  /** How long after its end an entry leaves the kernel by itself. */
  readonly graceMs: number;
}

export const TABLE = '^[A-Za-z_][A-Za-z0-9_]{0,63}$';

export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    table: {
      type: 'string',
      pattern: TABLE,
      default: 'interdict',
      description:
        'The table of family inet that the connector makes and owns. Two providers never share one. Letters, digits, underscore.',
    },
    nft: {
      type: 'string',
      minLength: 1,
      default: 'nft',
      description:
        'The program nft: an absolute path, or a name that is looked up on PATH and in the sbin directories.',
    },
    never: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description:
        'Addresses and networks that are never blocked: refused as targets, and passed by the kernel before any block is asked.',
    },
    grace: {
      type: 'string',
      default: 'PT1H',
      description:
        "How long after its end a block leaves the kernel by itself, should the server be gone by then: ISO 8601, as in 'PT1H'.",
    },
  },
} as const satisfies JsonSchema;

/** @throws {Error} where it is no duration, or a shorter one than is safe: by default a minute */
export function parseGrace(text: string, leastMs = 60_000): number {
  const ms = findDurationMs(text);
  if (ms === undefined) throw new Error(`grace is ${JSON.stringify(text)}: a duration like "PT1H" or "P1D" is wanted.`);
  if (ms < leastMs) {
    const least = leastMs === 60_000 ? 'a minute' : `${leastMs / 1_000} s`;
    throw new Error(`grace is under ${least}: the kernel would end blocks that the server still holds.`);
  }
  return ms;
}

function parseNever(texts: readonly string[]): Network[] {
  const all = texts.map((text) => {
    const network = findNetwork(text);
    if (network) return network;
    throw new Error(
      `never lists ${JSON.stringify(text)}: an address or a network without host bits is wanted, in canonical form.`,
    );
  });
  const widestFirst = all.toSorted((one, other) => one.length - other.length);
  return widestFirst.filter((network, index) => !widestFirst.slice(0, index).some((wider) => overlap(wider, network)));
}

export function parseProgram(nft: string): string {
  if (!/\0/.test(nft) && (nft.startsWith('/') || !nft.includes('/'))) return nft;
  throw new Error(`nft is ${JSON.stringify(nft)}: an absolute path or a plain name is wanted.`);
}

export const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

/** Of one table there is one owner. Through another program it may be the table of another network namespace. */
export const exclusiveOf = ({ own }: ProviderSettings): string =>
  `the table "${textOr(own.table, 'interdict')}" of ${findProgram(textOr(own.nft, 'nft'))}`;

/** @throws {Error} with one sentence for the operator */
export function readSettings({ own }: ProviderSettings): Settings {
  const table = textOr(own.table, 'interdict');
  if (!new RegExp(TABLE).test(table)) {
    throw new Error(`table is ${JSON.stringify(table)}: letters, digits and underscores are wanted, at most 64.`);
  }
  const never = Array.isArray(own.never) ? own.never.map(String) : [];
  return {
    table,
    nft: parseProgram(textOr(own.nft, 'nft')),
    never: parseNever(never),
    graceMs: parseGrace(textOr(own.grace, 'PT1H')),
  };
}
