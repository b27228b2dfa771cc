/** What a terminal shows of typed keys when nobody else echoes them: text, line ends, and the erasing of a character. */
export function echoOf(keys: string): string {
  return (
    keys
      // oxlint-disable-next-line no-control-regex -- keys are control characters
      .replaceAll(/\u001b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z]|.)?/g, '')
      .replaceAll(/\r\n?|\n/g, '\r\n')
      // oxlint-disable-next-line no-control-regex -- keys are control characters
      .replaceAll(/[\u007f\b]/g, '\b \b')
      // oxlint-disable-next-line no-control-regex -- keys are control characters
      .replaceAll(
        /[\u0000-\u0007\u000b\u000c\u000e-\u001f]/g,
        (key) => `^${String.fromCharCode(key.charCodeAt(0) + 64)}`,
      )
  );
}
