import { type ArmedFailpoint, type Deed, FAILPOINTS, type Failpoint } from './failpoint.ts';
import { didYouMean } from './nearest-name.ts';

const ALL = '*';
const FORM = /^([\w.*]+):(exit|say|pause=(\d{1,6}))(?:@(\d{1,9}))?$/;

function namesOf(text: string): readonly Failpoint[] {
  if (text === ALL) return FAILPOINTS;
  const found = FAILPOINTS.find((name) => name === text);
  if (found) return [found];
  throw new Error(`there is no failpoint "${text}".${didYouMean(text, FAILPOINTS)}`);
}

function deedOf(word: string, pauseMs: string | undefined): Deed {
  if (pauseMs !== undefined) return { pauseMs: Number(pauseMs) };
  return word === 'exit' ? 'exit' : 'say';
}

function readOne(text: string): readonly ArmedFailpoint[] {
  const [, name = '', word = '', pauseMs, pass] = FORM.exec(text) ?? [];
  if (name === '') {
    const forms = 'name:exit, name:say or name:pause=MILLISECONDS, each with @PASS behind it or without';
    throw new Error(`"${text}" is none of the forms ${forms}.`);
  }
  const deed = deedOf(word, pauseMs);
  return namesOf(name).map((point) => ({ name: point, deed, pass: Math.max(1, Number(pass ?? 1)) }));
}

/**
 * Failpoints as a test arms them, with commas between: `dispatch.afterIntent:exit@3,call.sent:pause=500,*:say`.
 * @throws {Error} where one cannot be read
 */
export const readFailpoints = (text: string): readonly ArmedFailpoint[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
    .flatMap(readOne);
