const PREFIX = 'agent:';

/** In whose name an agent's leases stand: its application's. They end by time alone, whatever becomes of processes. */
export const agentOwner = (appId: string): string => `${PREFIX}${appId}`;

export const isAgent = (owner: string): boolean => owner.startsWith(PREFIX);
