/** A variable as it was set: under which name, and its text without the blanks around it. */
export interface RawValue {
  readonly name: string;
  readonly text: string;
}

/** What a message leaves out of a value. */
export type HiddenPart = 'nothing' | 'credentials' | 'all';

/** Blanks, but not the control characters among them: a carriage return at the end is a mistake worth a message. */
const BLANKS_AROUND = /^[^\S\r\n\v\f\u2028\u2029]+|[^\S\r\n\v\f\u2028\u2029]+$/g;

/** Control characters, and those that no editor shows: line separators, zero-width and direction marks. */
const INVISIBLE = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** Also those that word processors make of typed ones. */
const QUOTES = '"\'`\u2018\u2019\u201c\u201d';

/** The value of the first name that is set in the first source that sets one; an empty value counts as not set. */
export function findValue(names: readonly string[], sources: readonly NodeJS.Dict<string>[]): RawValue | undefined {
  for (const source of sources) {
    for (const name of names) {
      const text = source[name]?.replace(BLANKS_AROUND, '');
      if (text !== undefined && text !== '') return { name, text };
    }
  }
  return undefined;
}

/** What is wrong with a value whatever it means; undefined when nothing is. */
export function textFault(text: string): string | undefined {
  const invisible = [...new Set(text.match(INVISIBLE))].map(codeOf);
  if (invisible.length > 0) {
    const hint = text.endsWith('\r') ? '; the file that it comes from has the line ends of Windows' : '';
    return `a value without control or invisible characters (it has ${invisible.join(', ')}${hint})`;
  }
  if (QUOTES.includes(text.charAt(0)) || QUOTES.includes(text.charAt(text.length - 1))) {
    return 'a value without quotes around it, which a shell takes off, but docker run --env-file does not';
  }
  return undefined;
}

/** Whether a text has characters that nobody can see. */
export function hasInvisible(text: string): boolean {
  return text.search(INVISIBLE) >= 0;
}

/** What is wrong with a value. */
export interface ValueFault {
  readonly expected: string;
  /** The entries of a list that are wrong; none where it is the value as a whole. */
  readonly wrong: readonly string[];
}

/** Most wrong entries that a message names. */
const MOST_NAMED = 5;

/** The line of the message about a value: which variable, what it says, and what is expected in its place. */
export function problemOf({ name, text }: RawValue, { expected, wrong }: ValueFault, hidden: HiddenPart): string {
  const isWhole = wrong.length === 0 || (wrong.length === 1 && wrong[0] === text);
  if (isWhole) return `${name}=${shownValue(text, hidden)} is not allowed; expected ${expected}`;
  const named = wrong.slice(0, MOST_NAMED).map((entry) => shownValue(entry, hidden));
  const more = wrong.length > MOST_NAMED ? ` and ${wrong.length - MOST_NAMED} more` : '';
  return `${name}: ${named.join(', ')}${more} ${wrong.length === 1 ? 'is' : 'are'} not allowed; expected ${expected}`;
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * A value as a message may show it: what stands before the last `@` of an address may be a user and a password, and is
 * left out.
 */
function shownValue(text: string, hidden: HiddenPart): string {
  if (hidden === 'all') return '***';
  return JSON.stringify(hidden === 'credentials' ? withoutCredentials(text) : text);
}

function withoutCredentials(text: string): string {
  return text.replace(/^(["'`]?[a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1***@');
}
