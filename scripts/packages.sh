# The packages that the scripts need from Debian or Ubuntu, and from Rust and Node. Sourced, not run.

BUILD_PACKAGES="build-essential pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev"
RUN_PACKAGES="gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-nice"
VIRTUAL_PACKAGES="xvfb openbox xterm xfonts-base fonts-dejavu-core"
TEST_PACKAGES="gstreamer1.0-tools xdotool xclip x11-utils x11-xkb-utils x11-xserver-utils iproute2 nftables coturn faketime"
# Reverse proxies, for the tests of their configuration. On a machine with systemd these packages start services.
PROXY_PACKAGES="nginx-light caddy"
# The programs that the benchmark compares deskbeam with, and the tools for that.
BENCH_PACKAGES="xvfb iproute2 novnc websockify tigervnc-standalone-server xpra python3-venv"
SELKIES="selkies==2.1.0"
# The program that compares the HTTP routes with their description.
SCHEMATHESIS="schemathesis==4.32.5"
# Debian's. Ubuntu has none of these names as plain packages: there, install the browsers yourself and name them in
# CHROMIUM and FIREFOX.
BROWSER_PACKAGES="chromium firefox-esr"

say() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs the packages that are missing.
need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "this is neither Debian nor Ubuntu: install the equivalents of these packages yourself: $*"
        return
    fi
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        say "installing$missing"
        as_root apt-get update -qq
        # shellcheck disable=SC2086  # one word a package
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    fi
}

# Installs the browsers for the tests, unless the environment names others.
need_browsers() {
    if [ -n "${CHROMIUM:-}" ] && [ -n "${FIREFOX:-}" ]; then
        return
    fi
    # shellcheck disable=SC2086  # one word a package
    if ! need_packages $BROWSER_PACKAGES; then
        say "set CHROMIUM and FIREFOX to the programs of a Chromium and a Firefox, and start this again"
        exit 1
    fi
}

# Installs Rust for this user if there is none, or one that is too old.
need_rust() {
    PATH="$HOME/.cargo/bin:$PATH"
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    present=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
    if [ -z "$present" ] || [ "$(printf '%s\n' "$wanted" "$present" | sort -V | head -n 1)" != "$wanted" ]; then
        [ -z "$present" ] || say "Rust $present is too old: $wanted is needed"
        say "installing Rust for this user, by https://rustup.rs"
        need_packages curl ca-certificates
        # A pipe would hide a failed download.
        installer=$(curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs) ||
            { say "Rust $wanted or newer is needed: https://rustup.rs cannot be reached, so install it yourself"; exit 1; }
        printf '%s' "$installer" | sh -s -- -y --profile minimal
    fi
}

# Provides Node.js 20 or newer for the browser drivers: Debian 12 has 18.
need_node() {
    command -v node >/dev/null && command -v npm >/dev/null || need_packages nodejs npm
    if [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -lt 20 ]; then
        private="$PWD/target/node"
        if [ ! -x "$private/node_modules/.bin/node" ]; then
            say "installing Node.js 22 into target/node"
            npm install --silent --no-audit --no-fund --no-save --prefix "$private" node@22
        fi
        PATH="$private/node_modules/.bin:$PATH"
    fi
}

# Installs Selkies into target/selkies. Without it, the benchmark reports that it was not measured.
need_selkies() {
    private="$PWD/target/selkies"
    if [ ! -x "$private/bin/selkies" ]; then
        say "installing $SELKIES into target/selkies"
        python3 -m venv "$private" && "$private/bin/pip" install --quiet "$SELKIES" || say "$SELKIES cannot be installed"
    fi
}

# Installs cargo-fuzz, and the nightly Rust that it needs.
need_fuzzer() {
    cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
    cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked --quiet
}

# Checks the licenses and the sources of the dependencies by deny.toml, unless cargo-deny cannot be installed.
check_licenses() {
    if ! { cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --quiet; }; then
        say "SKIPPED: the licenses of the dependencies are not checked, because cargo-deny cannot be installed"
        return
    fi
    cargo deny --locked check licenses bans sources
}

# Checks the dependencies against the database of RustSec, if it can be reached.
audit() {
    database="$PWD/target/advisory-db"
    if ! { git -C "$database" pull --quiet --depth 1 --rebase ||
        git clone --quiet --depth 1 https://github.com/RustSec/advisory-db "$database"; } 2>/dev/null; then
        say "SKIPPED: the dependencies are not audited, because the database of RustSec cannot be reached"
        return
    fi
    cargo audit --version >/dev/null 2>&1 || cargo install cargo-audit --locked --quiet
    cargo audit --no-fetch --db "$database"
}
