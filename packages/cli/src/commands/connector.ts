import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const LONGEST_NAME = 40;

/** Beside the sources or the build of the package that it belongs to. */
const templateFolder = (): string =>
  path.join(path.dirname(fileURLToPath(import.meta.resolve('@interdict/connectors'))), '..', 'template');

const toPascal = (name: string): string =>
  name
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');

const nextSteps = (
  folder: string,
): string => `${folder} is a connector that passes its tests against a double of a product.

1. See it pass:            cd ${folder} && npx vitest run
   It needs Node 24, and @interdict/connectors, @interdict/contract and vitest in a node_modules folder above it.
2. Put your product in:    testing/product-double.ts, then translate.ts and answers.ts, then traits.ts
3. Name it to the server:  connector: ${path.join(folder, 'connector.ts')}

docs/connectors/write-your-own.md says what each answer means.`;

/** @throws {Error} with one sentence, before anything is written */
async function makeConnector(name: string, { folder = `./connectors/${name}` }: { folder?: string }): Promise<void> {
  if (!NAME.test(name) || name.length > LONGEST_NAME) {
    throw new Error(`${JSON.stringify(name)} is no name: small letters, digits and single hyphens are wanted.`);
  }
  await mkdir(path.dirname(path.resolve(folder)), { recursive: true });
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new Error(`${folder} exists: nothing is written over.`) : error;
  });
  await cp(templateFolder(), folder, { recursive: true });
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('my-product', name).replaceAll('MyProduct', toPascal(name)));
  }
  console.log(nextSteps(folder));
}

/** `interdict connector new`: a connector of one's own, to begin with. */
export function addConnectorCommand(program: Command): void {
  program
    .command('connector')
    .description('Connectors of your own.')
    .command('new')
    .description('Copy the template of a connector, with your name put in.')
    .argument('<name>', 'as in my-firewall')
    .option('--folder <folder>', 'a new folder (default: ./connectors/<name>)')
    .action(makeConnector);
}
