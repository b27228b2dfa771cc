/** A user and a password in front of the host of an HTTP address; its parser takes any number of slashes, either way. */
const USERINFO = /^(https?:[/\\]*)([^/\\?#]*)@/i;

/** Parts the user and the password of an HTTP address from the rest of it; null = it has none. */
export function splitUserinfo(url: string): readonly [userinfo: string | null, url: string] {
  const [, , userinfo = null] = USERINFO.exec(url) ?? [];
  return [userinfo, url.replace(USERINFO, '$1')];
}

/** An HTTP address as it may be shown: with something else in place of its user and password. */
export function maskUserinfo(url: string, mask: string): string {
  return url.replace(USERINFO, (_all, scheme: string) => `${scheme}${mask}@`);
}
