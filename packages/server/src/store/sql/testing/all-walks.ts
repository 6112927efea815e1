import type { ActionWalk, Way } from '../../walk.ts';
import type { SqlDialect } from '../dialect.ts';
import type { PreparedStatement } from '../prepare.ts';
import { createWalkStatements, walkArguments, walkStatement } from '../walk-statement.ts';

const WAYS: readonly (readonly Way[] | undefined)[] = [
  undefined,
  [{ column: 'id', value: '1' }],
  [{ column: 'state', value: 'drifted' }],
  [{ column: 'target', value: '1' }],
  [
    { column: 'target', value: '1' },
    { column: 'client_context', value: '1' },
    { column: 'status', value: '1' },
  ],
];

interface OneWalk {
  readonly name: string;
  readonly prepared: PreparedStatement;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Statements of walks in every form, with arguments that lead to actions that have '1' everywhere. */
export function allWalks(dialect: SqlDialect): readonly OneWalk[] {
  const statements = createWalkStatements(dialect);
  const base = { from: '0', before: '9', filter: undefined, words: undefined, now: 0 } as const;
  const walks: readonly ActionWalk[] = [true, false].flatMap((isDescending) => [
    ...WAYS.map((ways) => ({ ...base, isDescending, ways })),
    { ...base, isDescending, ways: undefined, among: ['1', '2'] },
  ]);
  return walks.flatMap((walk, index) =>
    (['entities', 'count'] as const).flatMap((give) =>
      [undefined, { created_at: walk.isDescending ? '5' : '0', id: '0' }]
        .filter((after) => walk.among === undefined || (after === undefined && give === 'entities'))
        .map((after) => ({
          name: `walk ${index} ${give}${after ? ' behind one' : ''}`,
          prepared: walkStatement(statements, walk, after !== undefined, give),
          args: walkArguments(walk, after, 10),
        })),
    ),
  );
}
