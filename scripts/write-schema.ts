import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONNECTOR_KINDS } from '@interdict/connectors';
import { publishedSchema } from '../packages/server/src/config/config-schema.ts';

/** Writes the JSON Schema of the configuration file, by which editors complete and check it. */
const file = path.join(import.meta.dirname, '..', 'docs', 'interdict.schema.json');
writeFileSync(file, `${JSON.stringify(publishedSchema(CONNECTOR_KINDS), undefined, 2)}\n`);
console.log(`Written: ${path.relative(process.cwd(), file)}`);
