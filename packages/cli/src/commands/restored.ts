import type { Command } from 'commander';

async function tellRestored(): Promise<void> {
  // Only this command needs the server's own code.
  const operate = await import('@interdict/server/operate');
  const count = await operate.tellRestored();
  const tenants = count === 1 ? 'The one tenant' : `All ${count} tenants`;
  console.log(`${tenants} of the database: in quarantine from now on. Nothing is sent until resumeDispatch.`);
}

/** `interdict restored`: says what nobody can see where database and data folder were both restored. */
export function addRestoredCommand(program: Command): void {
  program
    .command('restored')
    .description('Say that the database was restored: every tenant goes into quarantine, at once.')
    .action(tellRestored);
}
