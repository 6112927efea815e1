import type { Member } from './schema-model.ts';

const EDM = ['String', 'Int32', 'Boolean', 'DateTimeOffset'];

/**
 * A member from `name: type`: `?` behind the type where it may be null, `[]` where it is a list. Names without a dot are
 * primitive types.
 */
function toMember(written: string): Member {
  const [name = '', rest = ''] = written.split(': ');
  const type = rest.replace(/\?$|\[\]$/, '');
  return {
    name,
    type: EDM.includes(type) ? `Edm.${type}` : type,
    isCollection: rest.endsWith('[]'),
    isNullable: rest.endsWith('?'),
  };
}

export const members = (...written: readonly string[]): readonly Member[] => written.map(toMember);
