import { Refusal } from '../errors.ts';
import { qualityOf } from './accept.ts';

/**
 * Which of the forms that a route has a client likes best; of equals, the first. No `Accept` takes anything.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * @throws {Refusal} notAcceptable
 */
export function chooseType<Type extends string>(accept: string | undefined, offered: readonly Type[]): Type {
  const rated = offered.map((type) => ({ type, quality: qualityOf(accept, type) }));
  const best = rated.toSorted((one, other) => other.quality - one.quality)[0];
  if (best && best.quality > 0) return best.type;
  const message = `This answers with ${offered.join(' or ')}, which "${accept?.slice(0, 200)}" does not take.`;
  throw new Refusal('notAcceptable', message, { target: 'accept' });
}
