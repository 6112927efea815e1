import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { toErrorAnswer } from './error-response.ts';

const IDS = { requestId: 'r', clientRequestId: 'c' };
const headersOf = (refusal: Refusal): object | undefined => toErrorAnswer(refusal, IDS, new Date(0)).headers;

describe('Retry-After', () => {
  it('is in every answer that means: not now', () => {
    for (const code of ['tooManyRequests', 'serviceUnavailable'] as const) {
      expect(headersOf(new Refusal(code, 'Not now.'))).toEqual({ 'Retry-After': '2' });
      const own = new Refusal(code, 'Not now.', { headers: { 'Retry-After': '30' } });
      expect(headersOf(own)).toEqual({ 'Retry-After': '30' });
    }
  });

  it('is in no other', () => {
    expect(headersOf(new Refusal('notFound', 'No.'))).toEqual({});
    expect(headersOf(new Refusal('insufficientStorage', 'Full.'))).toEqual({});
  });
});
