// Builds the container image with buildah and debootstrap: without a Docker engine and without an image registry.
// Root on Debian, because both want to be root. docs/guide/container.md has the details.
import './steps/node-version.mjs';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { askBuildah, buildah } from './steps/buildah.mjs';
import { makeBases } from './steps/image-base.mjs';
import { withSecrets } from './steps/image-secrets.mjs';
import { findProgram } from './steps/packages.mjs';
import { ROOT } from './steps/root.mjs';
import { capture } from './steps/run.mjs';

const USAGE = `Usage: node scripts/image.mjs [options]

  --tag NAME       name of the image (localhost/bascule)
  --output FILE    also write the image to FILE, for docker load or podman load
  --mirror URL     where debootstrap finds Debian
  --fresh          make the base images again; they are kept for a week
`;

const options = readOptions();
const missing = ['buildah', 'debootstrap'].filter((name) => findProgram(name) === null);
if (missing.length > 0) fail(`this needs ${missing.join(' and ')} (Debian: apt-get install ${missing.join(' ')})`);
if (process.getuid?.() !== 0)
  fail('this needs root: debootstrap makes device files, buildah changes its root directory');
try {
  await main();
} catch (error) {
  fail(error.message);
}

async function main() {
  const started = performance.now();
  const { base, build } = makeBases(options);
  const args = Object.entries({ BASE: base, BUILD: build, VERSION: version(), REVISION: await revision() });
  const buildArgs = args.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  // The Docker format, because that of OCI has no health check.
  const how = ['--format', 'docker', '--pull-never', '--tag', options.tag, ...buildArgs];
  withSecrets((secrets) => buildah('build', ...how, ...secrets, ROOT));
  if (options.output) {
    const file = path.resolve(options.output);
    rmSync(file, { force: true });
    buildah('push', '--quiet', options.tag, `docker-archive:${file}:${options.tag.replace(/^localhost\//, '')}`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `Built ${String(options.tag)} in ${seconds} s: ${sizeOf(options.tag)}, of which ${sizeOf(base)} are Debian.\n`,
  );
}

function readOptions() {
  const string = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: {
        tag: { type: 'string', default: 'localhost/bascule' },
        output: string,
        mirror: string,
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help) return values;
  } catch (error) {
    fail(`${error.message}\n\n${USAGE}`, 2);
  }
  process.stdout.write(USAGE);
  return process.exit(0);
}

function version() {
  return JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version;
}

/** The commit, where this is a clone. */
async function revision() {
  const { status, output } = await capture('git', ['rev-parse', 'HEAD']);
  return status === 0 ? output.trim() : 'unknown';
}

function sizeOf(image) {
  return askBuildah('images', '--format', '{{.Size}}', image);
}

function fail(reason, status = 1) {
  process.stderr.write(`image: ${reason.trimEnd()}\n`);
  process.exit(status);
}
