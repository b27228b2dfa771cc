import { type ConfigIssue, issue, type IssuePath } from './issue.ts';
import type { ValidTarget } from './valid-input.ts';

const TLS_KEYS = ['ca', 'servername', 'verify', 'cert', 'key', 'keyPassword', 'keyPasswordFile', 'minVersion'] as const;

/**
 * Checks that the parts of a target fit together, and joins the options in its address with those beside it.
 *
 * What stands beside the address wins.
 */
export function checkTarget(target: ValidTarget | undefined, at: IssuePath, issues: ConfigIssue[]): ValidTarget {
  const report = (key: string, what: string, remedy: string): void => {
    issues.push(issue('CONFIG_INVALID', key ? [...at, key] : at, what, remedy));
  };
  if (!target) {
    report('', 'the route has no target', 'give it a target');
    return {};
  }
  const { url, connect } = target;
  if (url && connect) report('connect', 'there is an address and a function', 'give url or connect, not both');
  if (!url && !connect) report('url', 'the target has no address', 'give url, such as tls://localhost:993');
  if (url?.kind !== 'tls') {
    for (const key of TLS_KEYS)
      if (target[key] !== undefined)
        report(key, `${key} is for tls:// targets`, 'write tls://HOST:PORT, or leave it out');
    return target;
  }
  const joined = { ...url.options, ...target };
  if (joined.key !== undefined && joined.cert === undefined)
    report('key', 'there is a key without a certificate', 'give the client certificate, too');
  return { ...joined, url: { ...url, options: {} } };
}
