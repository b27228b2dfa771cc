import { describe, expect, test } from 'vitest';
import { native } from '../../../src/cli/native.ts';

/** The command that is proposed for listening on another address. */
function openTo(address: string, argv: readonly string[], env: Record<string, string> = {}): string {
  const invocation = native.parse(argv, env);
  if (invocation.command !== 'run' && invocation.command !== 'demo') throw new Error(invocation.command);
  return invocation.withListen(address);
}

describe('the command that lets others in', () => {
  test.each([
    [['6080', 'localhost:5900'], 'bascule 0.0.0.0:7 localhost:5900'],
    [['localhost:5900'], 'bascule 0.0.0.0:7 localhost:5900'],
    [['unix:/run/my app.sock'], "bascule 0.0.0.0:7 'unix:/run/my app.sock'"],
    [['tls://h:1?ca=a.pem&verify=no'], "bascule 0.0.0.0:7 'tls://h:1?ca=a.pem&verify=no'"],
    [
      ['--wrap-port', '5', '--', 'sh', '-c', "echo 'a b' > $HOME"],
      String.raw`bascule 0.0.0.0:7 … -- sh -c 'echo '\''a b'\'' > $HOME'`,
    ],
    [['demo'], 'bascule demo 0.0.0.0:7'],
    [['demo', '6080'], 'bascule demo 0.0.0.0:7'],
  ])('can be typed as it is shown: %j', (argv, command) => {
    expect(openTo('0.0.0.0:7', argv)).toBe(command);
  });

  test('has an IPv6 address in quotes, which a shell would take for a pattern', () => {
    expect(openTo('[::]:7', ['echo:'])).toBe("bascule '[::]:7' echo:");
  });

  test('begins as npx was told to', () => {
    const env = { npm_lifecycle_event: 'npx', npm_command: 'exec' };
    expect(openTo('0.0.0.0:7', ['echo:'], env)).toBe('npx bascule 0.0.0.0:7 echo:');
    expect(openTo('0.0.0.0:7', ['demo'], env)).toBe('npx bascule demo 0.0.0.0:7');
  });

  test('shows no values of flags, which may be secrets', () => {
    expect(openTo('0.0.0.0:7', ['--auth-plugin', 'x', '--auth-plugin-source', 'hidden', 'echo:'])).not.toContain(
      'hidden',
    );
  });
});

/** What is wrong with a command line, or the command that it gives. */
function refusal(argv: readonly string[]): string {
  try {
    return native.parse(argv, {}).command;
  } catch (thrown) {
    const { detail, remedy } = thrown as { detail: string; remedy: string };
    return `${detail}; ${remedy}`;
  }
}

describe('a lone word', () => {
  test.each([
    [['chek'], "there is no command 'chek'; Did you mean check?"],
    [['chek', 'bridge.yaml'], "there is no command 'chek'; Did you mean check?"],
    [['srve', '6080', 'bridge.yaml'], "there is no command 'srve'; Did you mean serve?"],
    [['schem', '--token-file', 'x'], "there is no command 'schem'; Did you mean schema?"],
    [['--verbose', 'check', 'bridge.yaml'], "the command 'check' comes too late; Write bascule check first."],
  ])('that is like a command was meant for it: %j', (argv, said) => {
    expect(refusal(argv)).toBe(said);
  });

  test.each([[['echo']], [['localhost']], [['6080', 'check:80']], [['vnc', 'h:1']]])(
    'may be an address: %j',
    (argv) => {
      expect(refusal(argv)).toBe('run');
    },
  );
});
