import { searchedTexts } from '../../odata/searched-texts.ts';
import { wordsOf } from '../../odata/words.ts';
import { type EntityRow, type PagePosition, queries } from '../../store/queries.ts';
import type { JournalRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { all, first, type Query, run, unit, type Work } from '../../store/work.ts';

/** Entries of the journal that one unit goes through, and how many of them at once. */
const ENTRIES = 100;
const AT_ONCE = 25;
/** Characters of entities after which a unit ends: others wait for it. */
const MOST_TEXT = 1_048_576;

/** After these an action has other words than before. */
const CHANGES_WORDS: ReadonlySet<string> = new Set([
  'securityAction.created',
  'securityAction.recorded',
  'securityAction.updated',
  'securityAction.deleted',
]);

function saving({ id, created_at, entity }: EntityRow): Query<unknown> {
  const texts = searchedTexts(JSON.parse(entity) as Readonly<Record<string, unknown>>);
  return queries.saveWords({ id, created_at, words: texts.map(wordsOf) });
}

/** Of an action that is gone the words go too. @returns characters that were read */
function* bringUpToDate(ids: readonly string[]): Work<number> {
  if (ids.length === 0) return 0;
  const found = (yield ids.map((id) => queries.entityById({ id }))) as readonly (readonly EntityRow[])[];
  yield* run(...ids.map((id, index) => (found[index]?.[0] ? saving(found[index][0]) : queries.deleteWords({ id }))));
  return found.flat().reduce((sum, { entity }) => sum + entity.length, 0);
}

export interface Indexed {
  /** Of the last journal entry whose words are in the index from now on. */
  readonly sequence: number;
  /** The journal does not tell what came next: it has been pruned. */
  readonly isCut: boolean;
}

type Told = Pick<JournalRow, 'sequence' | 'action_id' | 'type'>;

const changedBy = (entries: readonly Told[]): readonly string[] => [
  ...new Set(
    entries.flatMap(({ type, action_id }) => (CHANGES_WORDS.has(type) && action_id !== null ? [action_id] : [])),
  ),
];

/** Brings the next entries of the journal into the index of words; sequence stays where there are none. */
export const indexWords = unit('listing.indexWords', function* () {
  const done = (yield* first(queries.wordIndex({})))?.sequence ?? 0;
  const entries = yield* all(queries.journalTypesAfter({ sequence: done, limit: ENTRIES }));
  if (entries[0] && entries[0].sequence !== done + 1) return { sequence: done, isCut: true } as Indexed;
  let [sequence, text] = [done, 0];
  for (let start = 0; start < entries.length && text < MOST_TEXT; start += AT_ONCE) {
    const some = entries.slice(start, start + AT_ONCE);
    text += yield* bringUpToDate(changedBy(some));
    sequence = some.at(-1)?.sequence ?? sequence;
  }
  if (sequence > done) yield* run(queries.saveWordIndex({ sequence }));
  return { sequence, isCut: false } as Indexed;
});

/** Brings a page of actions into the index, whatever the journal says; behind the last one it notes how far it is. */
export const indexAgain = unit(
  'listing.indexAgain',
  function* (_, { after, sequence }: { after: PagePosition | undefined; sequence: number }) {
    const page = yield* all(
      after ? queries.entitiesAfter({ ...after, limit: AT_ONCE }) : queries.newestEntities({ limit: AT_ONCE }),
    );
    yield* run(...page.map(saving));
    const last = page.length < AT_ONCE ? undefined : page.at(-1);
    if (!last) yield* run(queries.saveWordIndex({ sequence }));
    return last && { created_at: last.created_at, id: last.id };
  },
);

/** How far the index of words is, and how far the journal. */
export async function standOfIndex(
  store: Store,
  tenantId: string,
): Promise<{ readonly indexed: number; readonly written: number }> {
  const [[index], { sequence }] = await Promise.all([
    store.read(tenantId, queries.wordIndex({})),
    store.tenant(tenantId),
  ]);
  return { indexed: index?.sequence ?? 0, written: sequence };
}

/** So many entries are brought in while somebody waits for what is searched. */
const MOST_BEHIND = 5_000;

/** Brings the index up to now, where that does not take long. @returns whether it is */
export async function catchUp(store: Store, tenantId: string): Promise<boolean> {
  const { indexed, written } = await standOfIndex(store, tenantId);
  if (written - indexed > MOST_BEHIND) return false;
  for (let sequence = indexed; sequence < written; ) {
    const next = await store.run(tenantId, indexWords, undefined);
    if (next.isCut || next.sequence === sequence) return false;
    sequence = next.sequence;
  }
  return true;
}
