import { WrapProgram } from '../../src/target/wrap-program.ts';

// Starts the program that it is told, and ends without stopping it.
const target = new WrapProgram({
  kind: 'program',
  command: process.argv.slice(2),
  port: 1,
  mode: 'exit',
  portEnv: 'PROGRAM_PORT',
});
await target.start({
  output: (line) => {
    process.stdout.write(`${line}\n`);
    if (line.startsWith('ready')) process.exit(0);
  },
  warn: () => {},
  exit: () => {},
});
