/**
 * Control characters, separators of lines and paragraphs, and what turns the direction of text: callers choose names, headers and
 * bodies, and a terminal would obey them.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The text as one line that a terminal only shows. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** The same for text of several lines. */
export const visibleLines = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(UNSEEN, (character) => ('\n\t'.includes(character) ? character : escaped(character)));

/** Whether a terminal would do anything else than show the text. */
export const hasUnseen = (text: string): boolean => text.search(UNSEEN) !== -1;
