/** A pause of the dispatch that lasts: an entry of `/security/dispatchState`. */
export interface DispatchPause {
  /** Null: of all providers. */
  readonly provider: string | null;
  /** `quarantined`: the server was restored from a backup. */
  readonly state: 'stopped' | 'quarantined';
  readonly reason: string;
  readonly since: string;
  readonly by: { readonly appId: string; readonly user: string | null };
}
