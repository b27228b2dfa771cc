#!/bin/sh
# Puts what the image needs of a built repository, the current directory, into a tree that becomes its root.
set -eu
root=$1
program=$root/opt/bascule

# The optional packages become ordinary ones, then everything that is for development goes.
peers=$(node -p "const { peerDependencies, devDependencies } = require('./package.json');
  Object.keys(peerDependencies).filter((name) => devDependencies[name]).map((name) => name + '@' + devDependencies[name]).join(' ')")
# shellcheck disable=SC2086
npm install --ignore-scripts --save-prod $peers
npm prune --ignore-scripts --omit=dev

mkdir -p "$program/docker" "$root/usr/local/bin"
cp -R bin dist node_modules package.json LICENSE "$program"
cp docker/entry.sh docker/healthcheck.mjs "$program/docker"
# Declarations, source maps and npm's own records are for developers.
find "$program/dist" "$program/node_modules" -type f \
  \( -name '*.map' -o -name '*.ts' -o -name '*.cts' -o -name '*.mts' -o -name '*.md' ! -iname 'license*' \) -delete
rm -rf "$program/node_modules/.cache" "$program/node_modules/.bin" "$program/node_modules/.package-lock.json"
find "$program" -type d -empty -delete

# Without its symbols Node is smaller by 17 MB; those that addons need stay.
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
strip --strip-unneeded "$root/usr/local/bin/node"

# The names of the command lines. bascule refuses one that it does not have, and so does this build.
for name in websockify wsproxy wswrap websocksy wsecho wstest; do
  node bin/bascule.mjs link "$name" --dir "$root/usr/local/bin" >/dev/null
done
ln -s /opt/bascule/bin/bascule.mjs "$root/usr/local/bin/bascule"
