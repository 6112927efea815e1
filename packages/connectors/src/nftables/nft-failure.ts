import type { NftRun } from './run-nft.ts';

/**
 * Why nft did not do it. All but `lost` and `overflow` are certain: nothing was changed, since a transaction is whole
 * or not at all.
 *
 * `exists`, `missing`: something is, or is not, in the table. `forbidden`, `notStarted`, `misunderstood`: our access
 * or installation. `givenUp`: nobody waited any more. `interrupted`: by another change of the ruleset.
 * `busy`: later it may go. `rejected`: the kernel will not take it.
 * `overflow`: the kernel had more to say than nft could hear.
 */
export type FailureKind =
  | 'exists'
  | 'missing'
  | 'forbidden'
  | 'notStarted'
  | 'givenUp'
  | 'misunderstood'
  | 'interrupted'
  | 'busy'
  | 'rejected'
  | 'overflow'
  | 'lost';

export interface NftFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

const ERROR = /^(?:(?:internal|[^\s:]+):\d+:\d+-\d+: |netlink: )?Error: (Could not process rule: )?(.+)$/;

const REASONS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^File exists$/, 'exists'],
  [/^No such file or directory(; did you mean .*)?$/, 'missing'],
  [/^(cache initialization failed: )?(Operation not permitted|Permission denied)/, 'forbidden'],
  [/^(cache initialization failed|syntax error|Parsing command|Unknown object|JSON|Invalid option)/i, 'misunderstood'],
];

/** Said by the kernel of a part of the transaction, and so of all of it. */
const KERNEL_REASONS: readonly (readonly [RegExp, FailureKind])[] = [
  ...REASONS,
  [/^No buffer space/, 'overflow'],
  [/^Interrupted system call/, 'interrupted'],
  [/busy|memory|Too many|No space|try again|temporarily/, 'busy'],
  [/./, 'rejected'],
];

const GRANT =
  'nft was not permitted: the server needs CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN), see docs/connectors/nftables.md.';

function findReason(line: string): FailureKind {
  if (line.startsWith('Operation not permitted')) return 'forbidden';
  const [, byKernel, said = ''] = ERROR.exec(line) ?? [];
  return (byKernel ? KERNEL_REASONS : REASONS).find(([form]) => form.test(said))?.[1] ?? 'lost';
}

function toFailure(stderr: string): NftFailure {
  const [line = ''] = stderr.trimStart().split('\n');
  const kind = findReason(line);
  if (kind === 'forbidden') return { kind, message: GRANT };
  const quoted = JSON.stringify(line.slice(0, 160));
  return { kind, message: `nft answered ${quoted}${kind === 'lost' ? ': what it did is not known' : ''}.` };
}

/** Undefined where nft exited well. */
export function findFailure(run: NftRun): NftFailure | undefined {
  if (run.kind === 'killed') return { kind: 'lost', message: run.message };
  if (run.kind !== 'exited') return { kind: run.kind, message: run.message };
  if (run.code === 0) return undefined;
  if (run.code === 1) return toFailure(run.stderr);
  return {
    kind: 'lost',
    message: `nft ended with ${run.code === null ? 'a signal' : `code ${run.code}`}: what it did is not known.`,
  };
}

/** A look at the table that did not come off. */
export class NftError extends Error {
  override readonly name = 'NftError';
  readonly failure: NftFailure;

  constructor(failure: NftFailure) {
    super(failure.message);
    this.failure = failure;
  }
}
