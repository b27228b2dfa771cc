// Import this first: it must speak before anything that an old Node cannot run.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Bascule needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node.\n`);
  process.exit(1);
}
