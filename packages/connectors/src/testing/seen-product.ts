/**
 * A real product that is running, and what its own client sees: a DNS query, a request through the proxy, a bind, a scan,
 * a packet. A server is started before it with {@link provider} and asked over HTTP; nothing here goes through a connector.
 * Targets are numbered from 0; distinct numbers are distinct targets, 10,000 of them at least.
 */
export interface SeenProduct {
  /** The keys of the provider in the configuration file: `connector`, its own keys, `tenants` where it serves one. */
  readonly provider: Readonly<Record<string, unknown>>;
  /** The environment that the server is started with: secrets that the configuration names. */
  readonly environment: Readonly<Record<string, string>>;
  /** As in `BlockIp`, and the name of its parameter, as in `IP`. */
  readonly action: string;
  readonly parameter: string;
  /** The value of the parameter for one target. */
  target(index: number): string;
  /** By the product's own client, which is refused only where the effect is really in force. */
  isBlocked(index: number): Promise<boolean>;
  /** Takes what is in force away behind the server's back, as an administrator or a restart would. */
  lose(index: number): Promise<void>;
  /** Blocks the target as an administrator would, in no way of ours. */
  putForeign(index: number): Promise<void>;
  stop(): Promise<void>;
}
