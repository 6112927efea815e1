import type { PastEffectRow, StrayRow } from './rows.ts';
import { query } from './work.ts';

type EffectKey = { readonly provider: string; readonly action: string; readonly target: string };

/** What the store knows of effects that are over, and of entries at products that nobody here wants. */
export const strayQueries = {
  /** Takes the place of an older one. */
  savePastEffect: query<PastEffectRow, never>('savePastEffect'),
  deletePastEffect: query<EffectKey, never>('deletePastEffect'),
  pastEffectOf: query<EffectKey, PastEffectRow>('pastEffectOf'),
  /** Any one. */
  pastEffectAt: query<{ provider: string }, Pick<PastEffectRow, 'released_at'>>('pastEffectAt'),
  pastEffectsUntil: query<{ until: number; limit: number }, EffectKey>('pastEffectsUntil'),

  insertStray: query<StrayRow, never>('insertStray'),
  deleteStray: query<{ id: string }, never>('deleteStray'),
  strayOf: query<EffectKey, StrayRow>('strayOf'),
  straysAt: query<EffectKey & { limit: number }, StrayRow>('straysAt'),
  straysAfter: query<{ id: string; limit: number }, StrayRow>('straysAfter'),
} as const;
