#!/bin/sh
# The image is websockify: arguments are websockify's. A first argument that names a command line chooses that one.
name=${1-}
case $name in
  '' | */*) ;;
  *)
    if [ -L "/usr/local/bin/$name" ]; then
      shift
      exec "/usr/local/bin/$name" "$@"
    fi
    ;;
esac
exec /usr/local/bin/websockify "$@"
