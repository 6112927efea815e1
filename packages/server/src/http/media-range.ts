/** One member of an `Accept` header, or a media type. Names are in lower case, values as they mean. */
export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 */
export function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = Object.fromEntries(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=').map((side) => side.trim());
      return [name, value.replaceAll('"', '')];
    }),
  );
  const quality = parameters.q === undefined ? 1 : Number(parameters.q);
  return { type, parameters, quality };
}

/** How closely a range names what is offered; undefined where it does not cover it. */
export function closeness({ type }: MediaRange, offered: string): number | undefined {
  const found = ['*/*', `${offered.split('/')[0]}/*`, offered].indexOf(type);
  return found < 0 ? undefined : found;
}
