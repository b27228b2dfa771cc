import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';

/** Where systems keep the certificates they trust, all in one PEM file: Debian, Fedora, SUSE, then Alpine and BSD. */
const BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Node 22.15 and newer ask the system themselves. */
type AskSystem = (store: 'system') => string[];

/**
 * The certificates that this system trusts, as PEM; null when it keeps none, and then Node's own list is what remains.
 *
 * Node 20 trusts its own list alone, on which no private authority stands.
 */
export function systemAuthorities(
  bundles: readonly string[] = BUNDLES,
  ask: AskSystem | null = askNode(),
): string | null {
  const answer = ask?.('system') ?? [];
  if (answer.length > 0) return answer.join('\n');
  for (const file of bundles) {
    const text = readBundle(file);
    if (text?.includes('-----BEGIN')) return text;
  }
  return null;
}

function askNode(): AskSystem | null {
  return (tls as { getCACertificates?: AskSystem }).getCACertificates ?? null;
}

function readBundle(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
