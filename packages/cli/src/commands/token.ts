import { PERMISSIONS, type Permission } from '@interdict/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';

interface TokenOptions {
  readonly permission: readonly Permission[];
  readonly delegated?: true;
  readonly user?: string;
  readonly tenant?: string;
  readonly app?: string;
  readonly hours: number;
}

const LONGEST_HOURS = 24;

function parseHours(text: string): number {
  const hours = Number(text);
  if (hours > 0 && hours <= LONGEST_HOURS) return hours;
  throw new InvalidArgumentError(`It is a number of hours up to ${LONGEST_HOURS}.`);
}

/** Standard output gets the token and nothing else: it can be read into a file or a variable. */
async function printToken(options: TokenOptions): Promise<void> {
  // Only this command needs the server's own code.
  const { mintToken } = await import('@interdict/server/operate');
  const token = await mintToken({
    permissions: options.permission,
    delegated: options.delegated,
    user: options.user,
    tenantId: options.tenant,
    appId: options.app,
    lifetimeMs: options.hours * 3_600_000,
  });
  console.log(token);
}

const permissionOption = (): Option =>
  new Option('--permission <name...>', 'what the token permits').choices(PERMISSIONS).makeOptionMandatory();

/** `interdict token`: a token of the local issuer, with the server up or down. */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .description('Print a token of the local issuer, signed with the key in $INTERDICT_DATA.')
    .addOption(permissionOption())
    .option('--delegated', 'for an app that acts for a user')
    .option('--user <name>', 'the user, with --delegated')
    .option('--tenant <guid>', "the tenant; without it the local issuer's own")
    .option('--app <id>', "the application; without it the local issuer's own")
    .option('--hours <number>', 'how long it is good for, at most 24', parseHours, 1)
    .action(printToken);
}
