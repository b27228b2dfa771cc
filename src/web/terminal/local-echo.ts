// oxlint-disable no-control-regex -- keys are control characters
const SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[P\]][^\u001b]*\u001b\\|O[A-Za-z]|.)?/g;
const LINE_END = /\r\n?|\n/g;
const ERASE = /[\u007f\b]/g;
const CONTROL = /[\u0000-\u0007\u000b\u000c\u000e-\u001f]/g;
// oxlint-enable no-control-regex

/** What a terminal shows of typed keys when nobody else echoes them: text, line ends, and the erasing of a character. */
export function echoOf(keys: string): string {
  return keys
    .replaceAll(SEQUENCE, '')
    .replaceAll(LINE_END, '\r\n')
    .replaceAll(ERASE, '\b \b')
    .replaceAll(CONTROL, (key) => `^${String.fromCharCode(key.charCodeAt(0) + 64)}`);
}
