/** Why no result came. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  /** The request may have arrived. */
  readonly wasSent: boolean;
  /** Our own access or configuration is to blame. */
  readonly isOurs: boolean;

  constructor(message: string, { wasSent = false, isOurs = false } = {}) {
    super(message);
    this.wasSent = wasSent;
    this.isOurs = isOurs;
  }
}
