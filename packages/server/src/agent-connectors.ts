import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AgentWork, Connector, ConnectorPorts, WorkReport } from '@interdict/connectors';
import { readConfigFile } from './config/config-file.ts';
import { loadConnectorKinds } from './config/connector-kinds.ts';
import { type ProviderConfig, readProviders } from './config/provider-config.ts';
import { environment } from './config.ts';
import { runCall } from './dispatch/run-call.ts';
import { OperatorFault } from './errors.ts';
import { systemTimers } from './lib/timers.ts';

/** The connectors of an agent, by the actions that they offer. */
export interface AgentConnectors {
  /** Undefined where none offers it. */
  of(action: string): Connector | undefined;
  readonly names: readonly string[];
  close(): Promise<void>;
}

const NO_FEEDS: ConnectorPorts = {
  feeds: { holdersOf: () => Promise.reject(new Error('An agent has no lists of firewalls.')) },
};

function open(config: ProviderConfig): Connector {
  const fault = (words: string): Error => config.faultAt?.('', words) ?? new OperatorFault(words);
  if (!config.kind.behindAgent) throw fault(`An agent runs no connector "${config.kind.name}".`);
  try {
    return config.kind.open(config.settings, NO_FEEDS);
  } catch (error) {
    throw fault((error as Error).message);
  }
}

/**
 * Opens the connectors that a file names under `providers`, as the server's configuration does. No product is asked.
 * @throws {OperatorFault} with file, line and a suggestion
 */
export async function openAgentConnectors(named: string): Promise<AgentConnectors> {
  const filePath = path.resolve(named);
  if (!existsSync(filePath)) throw new OperatorFault(`There is no file ${filePath}.`);
  const kinds = await loadConnectorKinds(filePath);
  const file = readConfigFile(filePath, kinds);
  const { providers } = file.value as { readonly providers?: readonly never[] };
  if (!providers?.length) throw new OperatorFault(`${filePath} names no connector under "providers".`);
  const configs = readProviders({ file, environment, kinds, hasIssuers: true }, providers);
  const connectors = configs.map(open);
  return {
    of: (action) => connectors.find(({ traits }) => traits.actions.some(({ name }) => name === action)),
    names: configs.map(({ kind }) => kind.name),
    close: async () => void (await Promise.all(connectors.map((connector) => connector.close()))),
  };
}

/** Makes a leased call as the server would make it: the write, and the look behind it. Never throws. */
export async function carryWork(
  connectors: AgentConnectors,
  { kind, inDoubt, timeoutSeconds, call }: AgentWork,
  stop: AbortSignal,
): Promise<WorkReport> {
  const connector = connectors.of(call.action);
  if (!connector) {
    const message = `The agent has no connector for ${call.action}.`;
    const isLook = kind === 'look' || kind === 'verify';
    return isLook
      ? { presence: { kind: 'unknown', message, fault: 'ours' } }
      : { answer: { kind: 'unavailable', message, fault: 'ours' } };
  }
  const caller = { connector, timers: systemTimers, timeoutMs: timeoutSeconds * 1_000 };
  return await runCall(caller, { kind, inDoubt, call }, stop);
}
