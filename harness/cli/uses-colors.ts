/**
 * Whether to colour what goes to a stream: on terminals, unless `NO_COLOR` is set (see no-color.org). Pipes and CI
 * logs stay plain, because scripts search them, unless `FORCE_COLOR` asks for colours.
 */
export function usesColors(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== '') return false;
  if (force !== undefined && force !== '') return force !== '0';
  return stream.isTTY === true && process.env['TERM'] !== 'dumb';
}
