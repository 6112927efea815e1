import { Refusal } from '../../errors.ts';

/** What something is refused with. @throws where it is not, and whatever else is thrown */
export function refusalOf(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}
