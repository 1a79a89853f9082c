# What script/run and script/test share: find the toolchain, install what is missing. Sourced, not run.

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# as_root COMMAND...: by sudo, unless this is root already.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "installing packages needs root: run this as root, or install sudo, or install them yourself: $*"
    fi
}

# need_packages PACKAGE...: installs those that are missing; the package lists are fetched only then.
need_packages() {
    local missing=() package
    command -v apt-get >/dev/null || fail "this script knows Debian and Ubuntu; elsewhere install these by hand: $*"
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -gt 0 ]; then
        say "installing ${missing[*]}"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
    fi
}

# need_rust: a toolchain that is not older than rust-version in Cargo.toml.
need_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        fail "no Rust toolchain found. Rundruf needs Rust $wanted or newer: install it from https://rustup.rs, then run this again."
    fi
    found=$(rustc --version | cut -d ' ' -f 2)
    if [ "$(printf '%s\n' "$wanted" "${found%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "Rust $found is too old: Rundruf needs $wanted or newer. Run 'rustup update stable' (https://rustup.rs), then run this again."
    fi
}

# need_cargo_tool NAME: a program of cargo's, built once.
need_cargo_tool() {
    if ! cargo "$1" --version >/dev/null 2>&1; then
        say "installing cargo-$1 (once; takes some minutes)"
        cargo install --locked "cargo-$1"
    fi
}

# program PROFILE: where cargo puts the program.
program() {
    printf '%s/%s/rundruf\n' "${CARGO_TARGET_DIR:-target}" "$1"
}
