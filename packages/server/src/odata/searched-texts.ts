type Plain = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const asPlain = (value: unknown): Plain => (typeof value === 'object' && value !== null ? (value as Plain) : {});

/**
 * The texts of an entity that `$search` looks into: name, reason, context, user, provider as sent and as understood,
 * target. One that is named twice is there once.
 */
export function searchedTexts(entity: Plain): readonly string[] {
  const { name, actionReason, clientContext, user } = entity;
  const { provider: sent } = asPlain(entity.vendorInformation);
  const { provider, target } = asPlain(entity.enforcement);
  return [...new Set([name, actionReason, clientContext, user, sent, provider, target].filter(isText))];
}
