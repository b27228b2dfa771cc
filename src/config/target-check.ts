import { quoted } from '../address/host-port.ts';
import { type ConfigIssue, issue, type IssuePath } from './issue.ts';
import type { ValidTarget, ValidTokens } from './valid-input.ts';

/** What a target can be; each is one of these. */
const KINDS = ['url', 'connect', 'program', 'tokens'] as const;
const NAMES = { url: 'an address', connect: 'a function', program: 'a program', tokens: 'a token source' } as const;
const PROGRAM_KEYS = ['port', 'mode', 'portEnv'] as const;
const SOURCES = ['file', 'directory', 'sockets', 'url', 'jwtKey', 'redis', 'plugin'] as const;
const TLS_KEYS = ['ca', 'servername', 'verify', 'cert', 'key', 'keyPassword', 'keyPasswordFile', 'minVersion'] as const;

/**
 * Checks that the parts of a target fit together, and joins the options in its address with those beside it.
 *
 * What stands beside the address wins.
 */
export function checkTarget(target: ValidTarget | undefined, at: IssuePath, issues: ConfigIssue[]): ValidTarget {
  const report: Report = (key, what, remedy) => {
    issues.push(issue('CONFIG_INVALID', key ? [...at, key] : at, what, remedy));
  };
  if (!target) {
    report('', 'the route has no target', 'give it a target');
    return {};
  }
  const { url } = target;
  const kinds = KINDS.filter((key) => target[key] !== undefined);
  if (kinds.length > 1) {
    const [first, second] = kinds as [(typeof KINDS)[number], (typeof KINDS)[number]];
    report(second, `there is ${NAMES[first]} and ${NAMES[second]}`, `give ${first} or ${second}, not both`);
  }
  if (kinds.length === 0) report('url', 'the target has no address', 'give url, such as tls://localhost:993');
  for (const key of PROGRAM_KEYS)
    if (target[key] !== undefined && !target.program)
      report(key, `${key} is for targets with a program`, 'give target.program, or leave it out');
  if (target.portEnv !== undefined && !/^[A-Za-z_]\w*$/.test(target.portEnv))
    report('portEnv', `${quoted(target.portEnv)} is no name of a variable`, 'write letters, digits and underscores');
  if (target.tokens) checkTokens(target.tokens, [...at, 'tokens'], issues);
  if (target.tokens?.tls) return withCertificate(target, report);
  if (url?.kind !== 'tls') {
    for (const key of TLS_KEYS)
      if (target[key] !== undefined)
        report(key, `${key} is for tls:// targets`, 'write tls://HOST:PORT, or leave it out');
    return target;
  }
  const joined = withCertificate({ ...url.options, ...target }, report);
  return { ...joined, url: { ...url, options: {} } };
}

type Report = (key: string, what: string, remedy: string) => void;

function withCertificate(target: ValidTarget, report: Report): ValidTarget {
  if (target.key !== undefined && target.cert === undefined)
    report('key', 'there is a key without a certificate', 'give the client certificate, too');
  return target;
}

/** Checks that there is one source of tokens, and nothing that is meant for another. */
function checkTokens(tokens: ValidTokens, at: IssuePath, issues: ConfigIssue[]): void {
  const report: Report = (key, what, remedy) => {
    issues.push(issue('CONFIG_INVALID', [...at, key], what, remedy));
  };
  const sources = SOURCES.filter((key) => tokens[key] !== undefined);
  if (sources.length > 1)
    report(sources[1]!, `there is target.tokens.${sources[0]!}, too`, 'give one source of tokens');
  if (sources.length === 0) report('file', 'there is no source of tokens', `give ${SOURCES.join(', ')}`);
  const belongs = { watch: 'file', format: 'url', pluginSource: 'plugin' } as const;
  for (const [key, source] of Object.entries(belongs) as [keyof typeof belongs, keyof ValidTokens][])
    if (tokens[key] !== undefined && tokens[source] === undefined)
      report(key, `${key} is for ${source}`, `give ${source}, or leave it out`);
  const { redis } = tokens;
  if (redis && redis.host === undefined) report('redis', 'the Redis server has no host', 'give redis.host');
  if (redis?.password && redis.passwordFile !== undefined)
    report('redis', 'there are two passwords', 'give password or passwordFile');
}
