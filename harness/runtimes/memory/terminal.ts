/** What a terminal does between those who type and a program. */
export interface Terminal {
  /** What the client sends. */
  type(text: string): void;
  /** The program's output, as it is shown. */
  show(text: string): string;
}

const interrupt = '\x03';
const endOfInput = '\x04';
const erase = '\x7f';

/**
 * A terminal in its usual mode: it shows what is typed, hands on whole lines, and ends the input or the program when
 * told so by the usual keys.
 */
export function createTerminal(ends: {
  readonly toClient: (text: string) => void;
  readonly toProgram: (text: string) => void;
  readonly endInput: () => void;
  readonly interrupt: () => void;
}): Terminal {
  let line = '';
  const press = (key: string): void => {
    switch (key) {
      case interrupt:
        line = '';
        ends.toClient('^C');
        ends.interrupt();
        break;
      case endOfInput:
        if (line === '') ends.endInput();
        else ends.toProgram(line);
        line = '';
        break;
      case erase:
        if (line !== '') ends.toClient('\b \b');
        line = line.slice(0, -1);
        break;
      case '\r':
      case '\n':
        ends.toClient('\r\n');
        ends.toProgram(`${line}\n`);
        line = '';
        break;
      default:
        ends.toClient(key);
        line += key;
    }
  };
  return {
    type(text) {
      for (const key of text) press(key);
    },
    show: (text) => text.replaceAll('\n', '\r\n'),
  };
}
