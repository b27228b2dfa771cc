/** How the remote screen fits the page: in its own size, scaled, or resized on the server. */
export const SCALES = ['fit', 'off', 'remote'] as const;

export type Scale = (typeof SCALES)[number];

/** What a visitor can choose about a remote screen. */
export interface VncSettings {
  readonly scale: Scale;
  /** Keys and pointer stay here. Not kept: the next visit would find the remote side dead. */
  readonly viewOnly: boolean;
  /** Makes a lost connection again. */
  readonly reconnect: boolean;
  /** JPEG quality, 0 (coarse) to 9. */
  readonly quality: number;
  /** Compression of the Tight encoding, 0 (none) to 9. */
  readonly compression: number;
  /** Sounds when the remote side rings. */
  readonly bell: boolean;
}

/** What a link to the page can ask for beside that. */
export interface VncLink {
  /** Connects at once. */
  readonly autoconnect: boolean;
  /** Lets other viewers stay. */
  readonly shared: boolean;
}

const DEFAULTS: VncSettings = {
  scale: 'fit',
  viewOnly: false,
  reconnect: true,
  quality: 6,
  compression: 2,
  bell: true,
};

/** Names that links to noVNC's own page use. */
const SCALE_IN_LINK: ReadonlyMap<string | null, Scale> = new Map([
  ['off', 'off'],
  ['scale', 'fit'],
  ['fit', 'fit'],
  ['remote', 'remote'],
]);

/** The settings to begin with: the kept ones, changed by what the link to the page asks for. What makes no sense is passed over. */
export function readSettings(kept: string | null, link: URLSearchParams): VncSettings {
  const stored = parseKept(kept);
  return {
    scale: SCALE_IN_LINK.get(link.get('resize')) ?? SCALES.find((scale) => scale === stored['scale']) ?? DEFAULTS.scale,
    viewOnly: flag(link.get('view_only')) ?? DEFAULTS.viewOnly,
    reconnect: flag(link.get('reconnect')) ?? flag(stored['reconnect']) ?? DEFAULTS.reconnect,
    quality: level(link.get('quality')) ?? level(stored['quality']) ?? DEFAULTS.quality,
    compression: level(link.get('compression')) ?? level(stored['compression']) ?? DEFAULTS.compression,
    bell: flag(link.get('bell')) ?? flag(stored['bell']) ?? DEFAULTS.bell,
  };
}

/** What the link asks for that is no setting. */
export function readLink(link: URLSearchParams): VncLink {
  return { autoconnect: flag(link.get('autoconnect')) ?? false, shared: flag(link.get('shared')) ?? true };
}

/** The text to keep settings as, for readSettings(). */
export function keptSettings({ scale, reconnect, quality, compression, bell }: VncSettings): string {
  return JSON.stringify({ scale, reconnect, quality, compression, bell });
}

/** What was kept, by name; nothing where it cannot be read. */
function parseKept(kept: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(kept ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A yes or no, also in words; null for neither. */
function flag(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return null;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  return /^(0|false|no|off)$/i.test(value) ? false : null;
}

/** A level from 0 to 9; null for anything else. */
function level(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 9 ? number : null;
}
