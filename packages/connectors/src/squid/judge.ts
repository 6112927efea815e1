import { readUri } from './asked-uri.ts';
import type { BlockList } from './block-list.ts';
import { isProbe, sealVerdict } from './probe-seal.ts';

/** A request as the proxy shows it. */
export interface Shown {
  readonly method: string;
  readonly uri: string;
  /** The value of the probe header; empty: none. */
  readonly probe: string;
}

export interface Judgement {
  readonly isRefused: boolean;
  /** Of a probe of ours, which is refused whatever the verdict: it must never leave the proxy. */
  readonly verdict?: string;
}

export function judge(list: BlockList, { method, uri, probe }: Shown): Judgement {
  const isBlocked = list.blocks(readUri(method, uri));
  const { key } = list.content;
  if (!key || !isProbe(key, probe)) return { isRefused: isBlocked };
  return { isRefused: true, verdict: sealVerdict(key, probe, isBlocked ? 'blocked' : 'absent') };
}
