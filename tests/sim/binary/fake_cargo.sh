#!/bin/sh
# Stands for cargo: writes down how it is called, and "builds" scripts that print their names.
here=${0%/*}
target=$PWD/target
if [ "$1" = metadata ]; then
  [ -f "$here/metadata" ] || exit 101
  printf '{"target_directory":"%s"}\n' "$(cat "$here/metadata")"
  exit 0
fi
echo "$PWD $*" >>"$here/cargo.log"
echo "   Compiling fake v0.1.0 ($PWD)" >&2
if [ -f "$here/fail" ]; then
  echo "error[E0425]: cannot find value" >&2
  exit 101
fi
make() { # kind, name, directory
  mkdir -p "$3"
  printf '#!/bin/sh\necho %s of %s\n' "$2" "$(cat word 2>/dev/null)" >"$3/$2"
  chmod +x "$3/$2"
  printf '{"reason":"compiler-artifact","target":{"kind":["%s"],"name":"%s"},"executable":"%s"}\n' \
    "$1" "$2" "$3/$2"
}
echo '{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"fake"},"executable":null}'
find_target() {
  while [ $# -gt 0 ]; do
    [ "$1" = --target-dir ] && target=$2
    shift
  done
}
find_target "$@"
while [ $# -gt 0 ]; do
  case $1 in
  --bin) make bin "$2" "$target/release" ;;
  --example) make example "$2" "$target/release/examples" ;;
  esac
  shift
done
echo '{"reason":"build-finished","success":true}'
