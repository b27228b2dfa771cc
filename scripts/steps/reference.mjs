const GENERATED = '<!-- Made by npm run docs. Do not edit by hand. -->';

/** What a group is called, where its name says too little. */
const TITLES = {
  Other: 'The process, and the command line alone',
};

const PLACES = {
  process: 'top',
  listener: 'top, listener',
  route: 'top, listener, route',
  match: 'route',
  command: 'command line',
};

/** docs/reference/options.md: every option of the table, by group. */
export function optionsPage(options, groups) {
  const sections = groups.map((group) => {
    const rows = options.filter((option) => option.group === group).map((option) => optionRow(option));
    return `## ${TITLES[group] ?? group}\n\n${table(['Key', 'Command line', 'Value', 'Default', 'Place', 'What it does'], rows)}`;
  });
  return [
    '# Options',
    GENERATED,
    'Every option once. **Key** is its name in a [config file](../guide/config-file.md), where a dot stands for a level of' +
      '\nnesting; **command line** is its flag or argument on the [command line](../guide/command-line.md). **Place** says where' +
      '\na key may stand in a file: at the top (of a file with one listener), in an entry of `listeners`, or in an entry of' +
      '\n`routes`. An inherited key may also stand at the top beside `listeners`, or in a listener, as the default for what' +
      '\nis below.',
    'A **time** is like `30s`, `250ms`, `5m`, `1h` or `2d`; a plain number means seconds. A **size** is like `256KiB` or' +
      '\n`1MiB`; a plain number means bytes. A **PEM** is the path of a file, or the text itself. Relative paths start at the' +
      '\ndirectory of the config file, or at the working directory for the command line.',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function optionRow(option) {
  const { key, scope, default: preset, inherited, help } = option;
  return [
    scope === 'command' ? '' : code(key),
    commandLine(option),
    valueText(option),
    preset === null ? '' : code(Array.isArray(preset) ? `[${preset.join(', ')}]` : String(preset)),
    inherited ? `${PLACES[scope]} (inherited)` : PLACES[scope],
    help,
  ];
}

function commandLine({ flag, short, positional, aliases = [], env }) {
  const names = [positional, flag, short, ...aliases.flatMap((alias) => [alias.flag, alias.short]), env];
  return names
    .filter((name) => name !== undefined)
    .map((name) => code(name))
    .join(', ');
}

const VALUES = {
  boolean: 'true or false',
  bytes: 'size',
  duration: 'time',
  pem: 'PEM',
  'route-path': 'path',
  'route-host': 'host',
  listen: 'address',
  target: 'address',
  mode: 'octal digits',
  integer: 'number',
  string: 'text',
  secret: 'text, never shown',
  expressions: 'texts',
  settings: 'names and values, never shown',
  function: 'function (library only)',
};

function valueText({ type, values, min, max }) {
  if (values) return values.map((value) => code(value)).join(', ');
  const bounds = [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `to ${max}`]
    .filter(Boolean)
    .join(' ');
  return [VALUES[type] ?? type, bounds].filter(Boolean).join(', ');
}

/** docs/reference/errors.md: every row of the error table, by stage. */
export function errorsPage(errors, stages) {
  const rows = Object.entries(errors);
  const used = stages.filter((stage) => rows.some(([, row]) => row.stage === stage));
  const sections = used.map((stage) => {
    const lines = rows.filter(([, row]) => row.stage === stage).map(([name, row]) => errorRow(name, row));
    return `## ${stage}\n\n${table(['Code', 'Who can mend it', 'HTTP', 'Close', 'What happened', 'Remedy'], lines)}`;
  });
  return [
    '# Errors',
    GENERATED,
    'Every way in which a start or a connection can fail, by the [stage](../../ARCHITECTURE.md) in which it happens. **HTTP**' +
      '\nis the status that a client gets before the upgrade, **close** the WebSocket close code after it. The code stands in' +
      '\nthe log and in the messages of the command line.',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function errorRow(name, { side, status, close, sentence, remedy }) {
  return [
    code(name),
    side,
    status === null ? '' : String(status),
    close === null ? '' : String(close),
    sentence,
    remedy,
  ];
}

function code(text) {
  return `\`${text}\``;
}

/** A Markdown table with its columns in line, as the formatter writes it. */
function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0]), rule, ...cells.slice(1).map((row) => line(row))].join('\n');
}
