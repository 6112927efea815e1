import type { Command } from 'commander';

async function backUp(file: string): Promise<void> {
  // Only this command needs the server's own code.
  const operate = await import('@interdict/server/operate');
  operate.backUp(file);
  console.log(`${file} is a backup, whole and on the disk. Keep "key" of the data folder with it.`);
}

/** `interdict backup`: a copy of the embedded store, with the server up or down. */
export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('Copy the embedded store in $INTERDICT_DATA to a file, while the server runs or not.')
    .argument('<file>', 'a new file')
    .action(backUp);
}
