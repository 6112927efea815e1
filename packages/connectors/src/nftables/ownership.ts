const PREFIX = 'interdict';

/** At most 128 bytes fit; an operation's id is a UUID, and what is none is left out. */
export const ownComment = (operationId: string): string =>
  /^[0-9A-Za-z-]{1,64}$/.test(operationId) ? `${PREFIX} ${operationId}` : PREFIX;

export const isOwnComment = (comment: unknown): boolean =>
  typeof comment === 'string' && (comment === PREFIX || comment.startsWith(`${PREFIX} `));
