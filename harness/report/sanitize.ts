/**
 * Everything that did not come from our own words (names, messages, logs) passes through here before it
 * reaches a terminal or a page: a control sequence in a pod's name must not steer the reader's screen.
 */
const textMaxCharacters = 2_000;

// C0 and C1 controls, DEL, line separators, zero-width and bidirectional controls, the byte order mark.
const unprintable =
  // oxlint-disable-next-line no-control-regex -- these are what has to be found
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** One line that is safe to print: what cannot be seen becomes an escape, what is too long is cut. */
export function printable(text: string, maxCharacters = textMaxCharacters): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return cut.replace(/\p{Surrogate}/gu, '\ufffd').replace(unprintable, escapeCharacter);
}

/** Text with HTML's special characters replaced, controls shown: for element content and quoted attributes. */
export function escapeHtml(text: string, maxCharacters = textMaxCharacters): string {
  return printable(text, maxCharacters)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default:
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  }
}
