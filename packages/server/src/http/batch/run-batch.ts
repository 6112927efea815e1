import { answerHeld, type Batch, carryItem, type ItemAnswer } from './carry-item.ts';
import type { BatchItem } from './read-item.ts';

const succeeded = ({ status }: ItemAnswer): boolean => status < 400;

/**
 * Carries out all requests: at once where nothing is to come before, else when that is done. One that fails holds up
 * those that depend on it, and no other. Answers are in the order of the requests.
 */
export async function runBatch(batch: Batch, items: readonly BatchItem[]): Promise<readonly ItemAnswer[]> {
  const byKey = new Map(items.map((item) => [item.key, item]));
  const begun = new Map<string, Promise<ItemAnswer>>();

  async function runBehind(item: BatchItem, before: readonly Promise<ItemAnswer>[]): Promise<ItemAnswer> {
    const answers = await Promise.all(before);
    return answers.every(succeeded) ? await carryItem(batch, item) : answerHeld(batch, item);
  }

  function run(key: string): Promise<ItemAnswer> {
    const known = begun.get(key);
    if (known) return known;
    const item = byKey.get(key);
    if (!item) throw new Error('A batch was let pass that depends on a request it has not.');
    const running = item.dependsOn.length === 0 ? carryItem(batch, item) : runBehind(item, item.dependsOn.map(run));
    begun.set(key, running);
    return running;
  }

  return await Promise.all(items.map(({ key }) => run(key)));
}
