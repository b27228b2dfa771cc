import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { isAbsolute, join, relative, sep } from 'node:path';
import send from 'send';
import type { WebConfig } from '../config/model.ts';
import { asBridgeError, BridgeError, type ErrorCode } from '../errors.ts';
import { readListing, renderListing, type Served } from './listing.ts';
import { refuseRequest } from './refusal.ts';
import type { RequestHandler } from './request-handler.ts';
import type { RequestTarget } from './request-target.ts';

const INDEX = 'index.html';

/**
 * Serves the files of a directory: index pages, types, ranges, ETags and, when switched on, listings.
 *
 * It serves no dotfiles and nothing outside the directory, also not by a symbolic link; it executes nothing and takes
 * no uploads. The pages bring their own Content-Security-Policy: none would fit all of them. What a page cannot say
 * itself, who may frame it, comes from the config.
 */
export function serveFiles(web: WebConfig): RequestHandler {
  return async (req, res, target) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      refuseRequest(res, new BridgeError('HTTP_METHOD'), { last: true, extraHeaders: { Allow: 'GET, HEAD' } });
      return;
    }
    const segments = decodeSegments(target.path);
    const { file, stats } = await locate(web.root, segments);
    const encoded = `/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`;
    const asDirectory = target.path.endsWith('/');
    if (stats.isFile() && !asDirectory) await sendFile(req, res, web, encoded);
    else if (!stats.isDirectory()) throw new BridgeError(stats.isFile() ? 'HTTP_NOT_FOUND' : 'HTTP_FORBIDDEN');
    else if (!asDirectory) redirectToDirectory(res, segments, target);
    else if (await hasIndex(web.root, segments)) await sendFile(req, res, web, join(encoded, INDEX));
    else if (web.listing) await sendListing(req, res, web, file, segments);
    else throw new BridgeError('HTTP_NOT_FOUND');
  };
}

/** The names along a path, decoded, without empty ones. */
function decodeSegments(path: string): string[] {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (cause) {
    throw new BridgeError('HTTP_BAD_REQUEST', { detail: 'the path is not valid percent-encoded UTF-8', cause });
  }
  if (decoded.includes('\0')) throw new BridgeError('HTTP_BAD_REQUEST', { detail: 'the path holds a NUL byte' });
  const segments = decoded.split('/').filter((segment) => segment !== '');
  if (segments.some(isHidden)) throw new BridgeError('HTTP_FORBIDDEN');
  return segments;
}

/** Dotfiles, and '.' and '..' with them. */
function isHidden(segment: string): boolean {
  return segment.startsWith('.');
}

/** Finds what lies at a path, once every symbolic link on the way is resolved. */
async function locate(root: string, segments: readonly string[]): Promise<{ file: string; stats: Stats }> {
  try {
    const realRoot = await realpath(root);
    const file = await realpath(join(realRoot, ...segments));
    const inside = relative(realRoot, file);
    if (isAbsolute(inside) || inside.split(sep).some(isHidden)) throw new BridgeError('HTTP_FORBIDDEN');
    return { file, stats: await stat(file) };
  } catch (error) {
    throw fileError(error);
  }
}

/** What a request for a path would get. */
async function servedAt(root: string, segments: readonly string[]): Promise<Served> {
  try {
    const { stats } = await locate(root, segments);
    if (stats.isDirectory()) return 'directory';
    return stats.isFile() ? 'file' : null;
  } catch {
    return null;
  }
}

function fileError(error: unknown): BridgeError {
  return asBridgeError(error, fileErrorCode((error as NodeJS.ErrnoException).code));
}

function fileErrorCode(code: string | undefined): ErrorCode {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return 'HTTP_NOT_FOUND';
    case 'EACCES':
    case 'EPERM':
      return 'HTTP_FORBIDDEN';
    default:
      return 'INTERNAL';
  }
}

async function hasIndex(root: string, segments: readonly string[]): Promise<boolean> {
  try {
    return (await locate(root, [...segments, INDEX])).stats.isFile();
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'HTTP_NOT_FOUND') return false;
    throw error;
  }
}

/** Relative, so that it also holds behind a proxy that serves this directory under another path. */
function redirectToDirectory(res: ServerResponse, segments: readonly string[], { query }: RequestTarget): void {
  const location = `./${encodeURIComponent(segments.at(-1) ?? '')}/${query === '' ? '' : `?${query}`}`;
  res.writeHead(301, { Location: location, 'Content-Length': '0', 'X-Content-Type-Options': 'nosniff' });
  res.end();
}

/** Settles once the file is on its way or has failed; the rest is up to the response. */
function sendFile(req: IncomingMessage, res: ServerResponse, web: WebConfig, encoded: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = send(req, encoded, { root: web.root, index: false, dotfiles: 'deny' });
    res.once('close', resolve);
    stream.on('headers', () => setHeaders(res, policyOf(web)));
    stream.on('directory', () => reject(new BridgeError('HTTP_NOT_FOUND')));
    stream.on('error', (error: NodeJS.ErrnoException & { status: number }) => {
      if (error.status === 412 || error.status === 416) resolve(respondWithStatus(res, error.status));
      else reject(fileError(error));
    });
    stream.on('stream', (file: NodeJS.ReadableStream & { bytesRead: number }) => {
      // A file that was cut short while it was read: the client still waits for the length it was told.
      file.once('end', () => {
        if (file.bytesRead < Number(res.getHeader('Content-Length'))) res.destroy();
      });
    });
    stream.pipe(res);
  });
}

/** Files change: browsers ask each time whether theirs is still the one, and mostly hear 304. */
function setHeaders(res: ServerResponse, policy: readonly string[]): void {
  res.setHeader('Cache-Control', 'no-cache');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  // Addresses may hold tokens.
  res.setHeader('Referrer-Policy', 'same-origin');
  if (policy.length > 0) res.setHeader('Content-Security-Policy', policy.join('; '));
}

/** Who may frame a page stands in a header: browsers ignore it in the page itself (CSP 3 §3.3). */
function policyOf({ frameAncestors }: WebConfig): string[] {
  return frameAncestors === undefined ? [] : [`frame-ancestors ${frameAncestors}`];
}

/** The two outcomes of a conditional or range request that are no error of ours: 412 and 416. */
function respondWithStatus(res: ServerResponse, status: number): void {
  for (const name of ['Content-Length', 'Content-Type', 'ETag', 'Last-Modified']) res.removeHeader(name);
  const body = `${STATUS_CODES[status]}\n`;
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}

async function sendListing(
  req: IncomingMessage,
  res: ServerResponse,
  web: WebConfig,
  directory: string,
  segments: readonly string[],
): Promise<void> {
  const path = segments.length === 0 ? '/' : `/${segments.join('/')}/`;
  const listing = await readListing(directory, (name) => servedAt(web.root, [...segments, name])).catch(
    (error: unknown) => {
      throw fileError(error);
    },
  );
  const body = Buffer.from(renderListing(path, listing));
  setHeaders(res, ["default-src 'none'", ...policyOf(web)]);
  res.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.length,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}
