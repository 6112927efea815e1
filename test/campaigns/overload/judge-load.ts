import { quantile } from '../../bench/quantile.ts';
import { boundOf, type Finding } from '../campaign.ts';
import { goodput, ofFate, p99, p99BySecond, took } from './figures.ts';
import type { Sent, StreamResult } from './load-plan.ts';
import { FLOOD_CONNECTIONS, type Lengths, type LoadSeen, RUN_UP_SECONDS } from './run-load.ts';

const LEAST_GOODPUT = 0.8;
const LEAST_OF_OTHERS = 0.95;
const CANCEL_MS = 500;
const STOP_MS = 1_000;
const LEAST_CANCELS = 0.999;
const NORMAL_WITHIN_S = 10;
/** What is worse than twice as before is not normal; below this it makes no difference to anybody. */
const NORMAL_MS = 100;
const MOST_MEMORY = 1.5;
/** What a connection with a request that waits may need: head and body are small, sockets and parsers are not. */
const CONNECTION_MB = 0.04;

/** A finding of a load. */
export interface LoadFinding extends Finding {
  /** Whatever else the machine does has its part in it. */
  readonly isTimed: boolean;
}

/** How strictly. */
export interface Judging {
  readonly lengths: Lengths;
  /** On a slow machine a cancel may take as many times what a request takes there beside no load. */
  readonly cancelFactor: number;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const ms = (value: number): string => `${value.toFixed(0)} ms`;

function goodputFinding({ flood, peak, floodCpuMs, peakCpuMs }: LoadSeen, { overload }: Lengths): Finding {
  const during = goodput(flood, overload, RUN_UP_SECONDS);
  const accepted = ofFate(flood, 'ok');
  const [due, sent] = [flood.due / overload / peak, flood.sent.length / overload / peak];
  return {
    promise: `carries out at least ${percent(LEAST_GOODPUT)} of the peak`,
    broken: during >= LEAST_GOODPUT * peak ? undefined : `${Math.round(during)} of ${Math.round(peak)} a second`,
    seen: `${percent(during / peak)} of ${Math.round(peak)}/s; due ${due.toFixed(1)} times the peak, on the wire ${sent.toFixed(2)} times; p99 of what was accepted ${ms(p99(accepted))}; CPU of the server for each ${floodCpuMs.toFixed(2)} ms, ${peakCpuMs.toFixed(2)} at the peak`,
  };
}

function refusalFinding({ posts, flood }: LoadSeen): Finding {
  const strange = posts.filter(({ fate }) => fate === 'wrong' || fate === 'broken');
  const refused = posts.filter(({ fate }) => fate === 'refused').length;
  const some = strange.slice(0, 3).map(({ words }) => words);
  return {
    promise: 'refuses with 429 or 503 and Retry-After only',
    broken: strange.length === 0 ? undefined : `${strange.length} of ${posts.length}: ${some.join('; ')}`,
    seen: `${refused} refused of ${posts.length}, ${ofFate(flood, 'refused').length} of them in the flood`,
  };
}

function storedFinding({ posts }: LoadSeen, stored: ReadonlySet<number>): Finding {
  const has = ({ index }: Sent): boolean => stored.has(index);
  const lost = posts.filter((each) => each.fate === 'ok' && !has(each));
  const refused = posts.filter(({ fate }) => fate === 'refused');
  const kept = refused.filter(has);
  const broken = [
    lost.length > 0 ? `${lost.length} were answered 201 and are not stored` : '',
    kept.length > 0 ? `${kept.length} were refused and are stored` : '',
    refused.length === 0 ? 'nothing was refused, so nothing is shown' : '',
  ].filter((words) => words !== '');
  return {
    promise: 'has stored every 201, and nothing that it refused',
    broken: broken.length === 0 ? undefined : broken.join('; '),
    seen: `${stored.size} stored, ${refused.length} refused: ${boundOf(Math.max(1, refused.length))}`,
  };
}

function cancelFinding({ before, cancels }: LoadSeen, cancelFactor: number): Finding {
  const good = ofFate(cancels, 'ok').length / cancels.due;
  const time = p99(cancels.sent);
  const limit = Math.max(CANCEL_MS, cancelFactor * p99(before.sent));
  const holds = good >= LEAST_CANCELS && time <= limit;
  const bad = cancels.sent.find(({ fate }) => fate !== 'ok');
  return {
    promise: `answers cancels within ${ms(limit)} (p99), ${percent(LEAST_CANCELS)} of them`,
    broken: holds ? undefined : `${percent(good)}, p99 ${ms(time)} ${bad?.words ?? ''}`,
    seen: `${cancels.due} cancels, ${percent(good)}, p50 ${ms(quantile(cancels.sent.map(took), 0.5))}, p99 ${ms(time)}, by second ${p99BySecond(cancels).map(ms).join(', ')}; their sender was late by ${ms(cancels.senderLateMs)} at most; ${boundOf(cancels.due)}`,
  };
}

function brakeFinding({ brakeMs }: LoadSeen): Finding {
  return {
    promise: `stops and resumes the dispatch within ${STOP_MS} ms`,
    broken: brakeMs.length === 2 && brakeMs.every((each) => each <= STOP_MS) ? undefined : brakeMs.map(ms).join(', '),
    seen: brakeMs.map(ms).join(', '),
  };
}

function memoryFinding({ peakMb, floodMb }: LoadSeen): Finding {
  const seen = `${floodMb.toFixed(0)} MB, ${peakMb.toFixed(0)} MB at the peak`;
  return {
    promise: `needs at most ${MOST_MEMORY} times the memory of the peak, or 40 KB more for each connection`,
    broken: floodMb <= Math.max(MOST_MEMORY * peakMb, peakMb + FLOOD_CONNECTIONS * CONNECTION_MB) ? undefined : seen,
    seen,
  };
}

function afterFinding({ before, after }: LoadSeen): Finding {
  const usual = Math.max(...p99BySecond(before));
  const limit = Math.max(NORMAL_MS, 2 * usual);
  const bySecond = p99BySecond(after);
  const last = bySecond.findLastIndex((each) => each > limit);
  const strange = after.due - ofFate(after, 'ok').length;
  return {
    promise: `is as before ${NORMAL_WITHIN_S} s after the load has fallen`,
    broken: last < NORMAL_WITHIN_S ? undefined : `p99 by second: ${bySecond.map(ms).join(', ')}; before ${ms(usual)}`,
    seen: `after ${last + 1} s; p99 before ${ms(usual)}, then ${ms(bySecond.at(-1) ?? 0)}; ${strange} not carried out`,
  };
}

const shareOf = (results: readonly StreamResult[]): number =>
  results.reduce((sum, each) => sum + ofFate(each, 'ok').length, 0) / results.reduce((sum, { due }) => sum + due, 0);

function fairFinding({ alone, flooded }: LoadSeen): Finding {
  const [before, beside] = [shareOf(alone), shareOf(flooded)];
  const times = [alone, flooded].map((all) => ms(p99(all.flatMap(({ sent }) => sent))));
  const seen = `${percent(beside)} of what was due, ${percent(before)} without the flood; p99 ${times.join(' then ')}`;
  return {
    promise: `leaves others ${percent(LEAST_OF_OTHERS)} of their goodput beside a flood`,
    broken: beside >= LEAST_OF_OTHERS * before && before > 0 ? undefined : seen,
    seen,
  };
}

export function judgeLoad(
  engine: string,
  seen: LoadSeen,
  { lengths, cancelFactor }: Judging,
  stored: ReadonlySet<number>,
): readonly LoadFinding[] {
  const told = [refusalFinding(seen), storedFinding(seen, stored)];
  const timed = [
    goodputFinding(seen, lengths),
    cancelFinding(seen, cancelFactor),
    brakeFinding(seen),
    memoryFinding(seen),
    afterFinding(seen),
    fairFinding(seen),
  ];
  return [told, timed].flatMap((findings) =>
    findings.map((finding) => ({ ...finding, promise: `${engine}: ${finding.promise}`, isTimed: findings === timed })),
  );
}

const isKept = ({ broken }: Finding): boolean => broken === undefined;

/** Nothing but what other work on the machine could have broken. */
export const mayBeNoise = (findings: readonly LoadFinding[]): boolean =>
  !findings.every(isKept) && findings.every((finding) => finding.isTimed || isKept(finding));

/** Of two loads: what is timed need be kept in one of them, all else in both. */
export const betterOf = (first: readonly LoadFinding[], second: readonly LoadFinding[]): readonly LoadFinding[] =>
  second.map((finding, index) => {
    const earlier = first[index];
    if (!earlier || isKept(earlier) === isKept(finding)) return finding;
    return isKept(earlier) === finding.isTimed ? earlier : finding;
  });
