# SPDX-License-Identifier: Apache-2.0
# Downloads of real systems for test/peers and bench: Maven artifacts, Python packages, a JDK. Sourced, not run.
#
# All goes below PEERS_HOME, which may be removed at any time. Every function may be called again: what is there is
# kept, and a lock keeps two callers apart. Maven compares each file with the repository's checksum (-C) and versions
# are pinned by the callers. What a function gives is on standard output; what it tells the user is on standard error.
set -euo pipefail
PEERS_HOME=${PEERS_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-peers}
export PEERS_HOME
mkdir -p "$PEERS_HOME"

say() { printf 'peers: %s\n' "$*" >&2; }
# An error's last line is what the caller shows as the reason that a peer is missing.
fail() { printf 'peers: error: %s\n' "$*" >&2; exit 1; }

# under_lock NAME COMMAND...: runs the command while no other process runs one of the same name.
under_lock() {
  local lock=$PEERS_HOME/$1.lock
  shift
  (
    flock -w 3600 9 || fail "another process holds $lock for an hour"
    "$@" 9>&-
  ) 9>"$lock"
}

# install_package PACKAGE: by apt, as root or with sudo.
install_package() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$1 is not installed; hint: apt-get install $1 (as root)"
    root=(sudo)
  fi
  say "installing by apt: $1"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "$1" </dev/null >"$PEERS_HOME/apt.log" 2>&1 ||
    fail "the package $1 cannot be installed: $(tail -n 1 "$PEERS_HOME/apt.log"); hint: apt-get update"
}

# java_home LEAST [MOST]: folder of an installed JDK (with javac if there is one) of these major versions. JAVA_HOME
# comes first; without any, Debian's openjdk-LEAST is installed where Debian has it.
java_home() {
  local least=$1 most=${2:-$1} home
  home=$(find_java "$least" "$most")
  if [ -z "$home" ]; then
    install_package "openjdk-$least-jdk-headless"
    home=$(find_java "$least" "$most")
  fi
  [ -n "$home" ] || fail "no JDK $least; hint: install one and set JAVA_HOME"
  printf '%s\n' "$home"
}

find_java() {
  local home version
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -n "$home" ] && [ -r "$home/release" ] && [ -x "$home/bin/javac" ] || continue
    version=$(sed -nE 's/^JAVA_VERSION="(1\.)?([0-9]+).*/\2/p' "$home/release")
    if [ "${version:-0}" -ge "$1" ] && [ "${version:-0}" -le "$2" ]; then
      readlink -f "$home"
      return
    fi
  done
}

# jars NAME GROUP:ARTIFACT:VERSION...: these artifacts alone; the folder that holds them.
jars() { under_lock "$1" resolve_jars true "$@"; }

# one_jar NAME GROUP:ARTIFACT:VERSION: one artifact whose description is not read, since its parents are not in every
# repository (2.8 is the last version of the plugin that does without it); the folder that holds it.
one_jar() { under_lock "$1" copy_jar "$@"; }

copy_jar() {
  local name=$1 dir=$PEERS_HOME/jars/$1 log=$PEERS_HOME/$1-maven.log
  if [ "$(cat "$dir/complete" 2>/dev/null)" != "$2" ]; then
    command -v mvn >/dev/null || install_package maven
    say "downloading $name: $2"
    rm -rf "$dir"
    mkdir -p "$dir"
    mvn -q -B -C org.apache.maven.plugins:maven-dependency-plugin:2.8:copy -Dartifact="$2" \
      -DoutputDirectory="$dir" </dev/null >"$log" 2>&1 ||
      fail "Maven cannot get $name: $(grep -m 1 -F '[ERROR]' "$log" | cut -c 1-300)"
    printf '%s\n' "$2" >"$dir/complete"
  fi
  printf '%s\n' "$dir"
}

# jars_with_dependencies NAME GROUP:ARTIFACT:VERSION...: with all that they need at run time; the folder.
jars_with_dependencies() { under_lock "$1" resolve_jars false "$@"; }

# resolve_jars ALONE NAME COORDINATE...: the folder counts as complete for exactly this list of artifacts.
resolve_jars() {
  local alone=$1 name=$2 dir=$PEERS_HOME/jars/$2 log=$PEERS_HOME/$2-maven.log
  shift 2
  if [ "$(cat "$dir/complete" 2>/dev/null)" != "$alone $*" ]; then
    command -v mvn >/dev/null || install_package maven
    say "downloading $name: $*"
    rm -rf "$dir"
    mkdir -p "$dir"
    write_pom "$name" "$@" >"$dir/pom.xml"
    mvn -q -B -C -f "$dir/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DincludeScope=runtime -DexcludeTransitive="$alone" -DoutputDirectory="$dir" </dev/null >"$log" 2>&1 ||
      fail "Maven cannot get $name: $(grep -m 1 -F '[ERROR]' "$log" | cut -c 1-300)"
    printf '%s\n' "$alone $*" >"$dir/complete"
  fi
  printf '%s\n' "$dir"
}

# A coordinate that ends with ! comes without what it needs; what EXCLUDED lists as GROUP:ARTIFACT comes by none.
write_pom() {  # NAME GROUP:ARTIFACT:VERSION...
  local coordinate group artifact version left left_out
  printf '<project><modelVersion>4.0.0</modelVersion><groupId>sluice</groupId><artifactId>%s</artifactId>' "$1"
  printf '<version>1</version><packaging>pom</packaging><dependencies>'
  shift
  for coordinate in "$@"; do
    IFS=: read -r group artifact version <<<"${coordinate%!}"
    printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version><exclusions>' \
      "$group" "$artifact" "$version"
    case $coordinate in *!) left_out='*:*' ;; *) left_out=${EXCLUDED:-} ;; esac
    for left in $left_out; do
      printf '<exclusion><groupId>%s</groupId><artifactId>%s</artifactId></exclusion>' "${left%:*}" "${left#*:}"
    done
    printf '</exclusions></dependency>'
  done
  printf '</dependencies></project>\n'
}

# python_venv NAME PACKAGE==VERSION...: an environment with exactly these packages; its Python.
python_venv() { under_lock "$1" make_venv "$@"; }

make_venv() {
  local name=$1 dir=$PEERS_HOME/venv/$1 log=$PEERS_HOME/$1-pip.log
  shift
  if [ "$(cat "$dir/complete" 2>/dev/null)" != "$*" ] || ! "$dir/bin/python3" -c '' 2>/dev/null; then
    say "installing $name: $*"
    rm -rf "$dir"
    python3 -m venv "$dir" >"$log" 2>&1 || fail "python3 -m venv $dir failed; hint: run scripts/setup"
    "$dir/bin/python3" -m pip --disable-pip-version-check install --quiet "$@" </dev/null >>"$log" 2>&1 ||
      fail "pip cannot install $*: $(grep -m 1 ERROR "$log" | cut -c 1-300)"
    printf '%s\n' "$*" >"$dir/complete"
  fi
  printf '%s\n' "$dir/bin/python3"
}
