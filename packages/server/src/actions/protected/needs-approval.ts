import { type Target, VOCABULARY } from '@interdict/contract';
import { findPrefix, type IpPrefix } from '../targets/ip-prefix.ts';
import { listInnerIpv4 } from './inner-ipv4.ts';

/** Networks up to this width need nobody's approval. */
const WIDEST_ALONE = { 4: 24, 6: 64 };

const isWide = (prefix: IpPrefix): boolean => prefix.length < WIDEST_ALONE[prefix.version];

/**
 * Whether the action waits for one approval where no policy says otherwise.
 *
 * @param action canonical name
 * @param target canonical; an IPv6 network that stands for an IPv4 one is as wide as that one
 */
export function needsApproval(action: string, target: Target): boolean {
  if (Object.hasOwn(VOCABULARY, action) && VOCABULARY[action]?.approval) return true;
  const prefix = target.kind === 'cidr' ? findPrefix(target.value) : undefined;
  return prefix !== undefined && (isWide(prefix) || listInnerIpv4(prefix).some((inner) => isWide(inner.prefix)));
}
