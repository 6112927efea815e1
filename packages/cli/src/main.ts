import { Command, CommanderError } from 'commander';
import { addAgentCommand } from './commands/agent.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addConnectorCommand } from './commands/connector.ts';
import { addRestoredCommand } from './commands/restored.ts';
import { addTokenCommand } from './commands/token.ts';

const USAGE = 2;
const REFUSED = 1;

/** Usage errors have an exit code of their own: a script tells a typing error from a refusal. */
async function main(): Promise<void> {
  const program = new Command('interdict').description('Interdict from a terminal.').exitOverride();
  addTokenCommand(program);
  addAgentCommand(program);
  addBackupCommand(program);
  addConnectorCommand(program);
  addRestoredCommand(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = REFUSED;
  }
}

await main();
