# Sourced by scripts that fall back on Debian's Rust, in the version that Cargo.toml names.

# debian_rust [PART...]: unpacks the compiler and cargo into the target directory, and makes the array
# `cargo` start them. A PART is an architecture of Debian, for its standard library, or `src`, for the
# source of the standard library. Installs nothing. Fails where the packages cannot be had.
debian_rust() {
    command -v apt-get && command -v dpkg || return 1
    local version target root part
    version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/debian-rust
    root=$target/root
    for part in compiler "$@"; do
        if ! [ -e "$target/$part.unpacked" ]; then debian_rust_unpack "$part" || return 1; fi
    done
    cargo=("$root/usr/bin/cargo")
    export RUSTC=$root/usr/bin/rustc RUSTDOC=$root/usr/bin/rustdoc
    local libraries=("$root"/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH
    LD_LIBRARY_PATH=$(IFS=: && echo "${libraries[*]}")
}

debian_rust_unpack() {
    local part=$1 lists=$target/lists/$1 packages suffix
    mkdir -p "$lists/partial" "$target/cache/archives/partial" "$target/packages/$part" "$root"
    # The lists of packages are read into the target directory, too, because a container has none.
    local apt=(apt-get -o "Dir::State::Lists=$lists" -o "Dir::Cache=$target/cache" -o Debug::NoLocking=1)
    case $part in
    compiler | src) ;;
    *) apt+=(-o "APT::Architectures::=$(dpkg --print-architecture)" -o "APT::Architectures::=$part") ;;
    esac
    # A list that cannot be read is perhaps one that is not needed.
    "${apt[@]}" update || true
    for suffix in -web ""; do
        packages=$(debian_rust_packages) && break
    done
    if [ -z "$packages" ]; then return 1; fi
    # Unquoted: one word for each package.
    (cd "$target/packages/$part" && "${apt[@]}" download $packages) || return 1
    local package
    for package in "$target/packages/$part"/*.deb; do
        dpkg -x "$package" "$root" || return 1
    done
    rm -rf "$target/packages" "$lists"
    touch "$target/$part.unpacked"
}

# The names of the packages of a part. The compiler comes with all that it needs and the machine lacks.
debian_rust_packages() {
    local found
    case $part in
    compiler)
        "${apt[@]}" install --simulate --no-install-recommends \
            "rustc$suffix=$version.*" "cargo$suffix=$version.*" "libstd-rust$suffix-dev=$version.*" |
            awk '$1 == "Inst" { gsub(/[()]/, ""); print $2 "=" $3 }'
        return
        ;;
    src) found="rust$suffix-src=$version.*" ;;
    *) found="libstd-rust$suffix-dev:$part=$version.*" ;;
    esac
    "${apt[@]}" download --print-uris "$found" >/dev/null && echo "$found"
}
