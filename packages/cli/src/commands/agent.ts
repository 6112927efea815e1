import { createTransport } from '@interdict/client';
import { type Command, InvalidArgumentError } from 'commander';
import { type TokenSource, tokenOfCredentials, tokenOfFile } from '../agent/agent-token.ts';
import { runAgent } from '../agent/run-agent.ts';

interface AgentOptions {
  readonly server: string;
  readonly provider: string;
  readonly connectors: string;
  readonly most: number;
  readonly tokenFile?: string;
  readonly tokenUrl?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly scope?: string;
}

function parseMost(text: string): number {
  const most = Number(text);
  if (Number.isInteger(most) && most >= 1 && most <= 1_000) return most;
  throw new InvalidArgumentError('It is a number of calls from 1 to 1000.');
}

function tokenOf({ tokenFile, tokenUrl, clientId, clientSecretFile, scope }: AgentOptions): TokenSource {
  if (tokenFile !== undefined) return tokenOfFile(tokenFile);
  if (tokenUrl === undefined || clientId === undefined || clientSecretFile === undefined) {
    throw new Error('Say where tokens come from: --token-file, or --token-url, --client-id and --client-secret-file.');
  }
  return tokenOfCredentials({ tokenUrl, clientId, secretFile: clientSecretFile, scope });
}

/** Ends by itself at the second signal. */
function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Error('The agent stops.')));
  return stop.signal;
}

async function run(options: AgentOptions): Promise<void> {
  const token = tokenOf(options);
  const { carryWork, openAgentConnectors } = await import('@interdict/server/operate');
  const connectors = await openAgentConnectors(options.connectors);
  const say = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);
  say(`Agent of provider "${options.provider}" at ${options.server} with ${connectors.names.join(', ')}`);
  await runAgent({
    transport: createTransport({ baseUrl: options.server, token, version: 'v1.0' }),
    provider: options.provider,
    most: options.most,
    carry: (work, stop) => carryWork(connectors, work, stop),
    say,
    stop: stopOnSignal(),
  });
  await connectors.close();
}

/** `interdict agent`: carries out the calls of a provider with `connector: agent`. */
export function addAgentCommand(program: Command): void {
  program
    .command('agent')
    .description('Carry out the calls of a provider with "connector: agent", beside its product, over outbound HTTPS.')
    .requiredOption('--server <url>', 'origin of the server, as in https://interdict.example')
    .requiredOption('--provider <name>', 'the provider whose calls it makes')
    .requiredOption('--connectors <file>', 'YAML with "providers", as in the configuration of the server')
    .option('--token-file <file>', 'a file with a token that somebody keeps fresh')
    .option('--token-url <url>', 'where tokens are issued for client credentials')
    .option('--client-id <id>', 'with --token-url')
    .option('--client-secret-file <file>', 'with --token-url')
    .option('--scope <scope>', 'with --token-url, as in api://interdict/.default')
    .option('--most <number>', 'calls at once', parseMost, 16)
    .action(run);
}
