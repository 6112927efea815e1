import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

/** Of `clientContext` as the requests have it. */
const indexOf = (context: string): number => Number(context.slice(context.lastIndexOf('-') + 1));

export function storedInSqlite(folder: string): ReadonlySet<number> {
  const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'), { readOnly: true });
  try {
    const rows = db.prepare("select json_extract(entity, '$.clientContext') as context from action").all();
    return new Set(rows.map(({ context }) => indexOf(String(context))));
  } finally {
    db.close();
  }
}

export async function storedInPostgres(url: string): Promise<ReadonlySet<number>> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ context: string }>(
      "select entity::jsonb ->> 'clientContext' as context from interdict.action",
    );
    return new Set(rows.map(({ context }) => indexOf(context)));
  } finally {
    await client.end();
  }
}
