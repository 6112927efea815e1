import type { EnforcementRow } from '../../store/rows.ts';
import { anEnforcementRow } from '../../store/testing/an-action-row.ts';
import type { Case } from '../judgement.ts';
import type { Terms } from '../terms.ts';

export const NOW = Date.parse('2026-11-25T12:00:00Z');
export const NOW_TEXT = '2026-11-25T12:00:00.0000000Z';
export const END = NOW + 3_600_000;
/** With `random` 0.5 and no stall before, the next try. */
export const FIRST_DELAY_MS = 500;

/** A product that can be read back, knows a repeat and keeps time. */
const TERMS: Terms = {
  provider: 'edge',
  probes: true,
  seesForeign: true,
  keepsTime: true,
  repeats: true,
  verification: 'readBack',
  latenessMs: 30_000,
  timeoutMs: 10_000,
  deadlineMs: 86_400_000,
  verifyEveryMs: 60_000,
  lists: true,
  irreversible: [],
};

/** It only answers, and knows a repeat. */
export const ANSWERS: Partial<Terms> = {
  probes: false,
  seesForeign: false,
  verification: 'reported',
  verifyEveryMs: null,
};

/** It only answers, and a repeat is another entry. */
export const ANSWERS_ONCE: Partial<Terms> = { ...ANSWERS, repeats: false, verification: 'accepted' };

/** An effect that one action wants for another hour, in its first attempt. */
export const aCase = (ledger: Partial<EnforcementRow> = {}, terms: Partial<Terms> = {}): Case => ({
  ledger: anEnforcementRow({
    wanted_until: END,
    looked: 1,
    operation: 'apply',
    operation_id: 'operation',
    attempt: 1,
    ...ledger,
  }),
  terms: { ...TERMS, ...terms },
  now: NOW,
  random: 0.5,
});
