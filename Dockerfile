# syntax=docker/dockerfile:1
# contact-gateway in a container: built from the lock file, run as a plain user on a read-only root.
#
#   docker build -t contact-gateway .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges \
#       -v ./gateway.toml:/etc/contact-gateway/gateway.toml:ro -v contact-gateway:/var/lib/contact-gateway \
#       -p 8080:8080 -p 127.0.0.1:8081:8081 contact-gateway
#
# packaging/compose.yaml runs it with Redis, packaging/kubernetes in a cluster.

FROM rust:1.95.0-bookworm AS dependencies
# The image's own: rust-toolchain.toml would have it fetch lints and formatter as well.
ENV RUSTUP_TOOLCHAIN=1.95.0
# With it, packaging/build writes into the programs which crates they are made of: `cargo audit bin` reads that.
RUN cargo install cargo-auditable --locked --version 0.7.7
WORKDIR /source
# Dependencies change seldom: they are built in a layer of their own, from the manifests alone.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY packaging/build packaging/build
RUN mkdir -p src/bin benches \
    && touch src/lib.rs \
    && echo 'fn main() {}' >src/main.rs \
    && cp src/main.rs src/bin/contact-gateway-pipe.rs \
    && sed -i '/^\[\[bench\]\]/,/^$/d; /^\[\[example\]\]/,/^$/d' Cargo.toml \
    && packaging/build \
    && rm -rf src benches

FROM dependencies AS builder
COPY . .
# The empty programs above are newer than the sources: their times must not hide them.
RUN find src -name '*.rs' -exec touch {} + \
    && packaging/build

FROM debian:bookworm-slim
# Certificates, for upstreams and stores over TLS.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/contact-gateway --shell /usr/sbin/nologin gateway \
    && install --directory --owner gateway --mode 0700 \
        /var/lib/contact-gateway /var/lib/contact-gateway-archive
COPY --from=builder /source/target/release/contact-gateway /source/target/release/contact-gateway-pipe \
    /usr/local/bin/
# The shipped profiles and letters; gateway.toml is mounted beside them.
COPY config/profiles /etc/contact-gateway/profiles
COPY config/letters /etc/contact-gateway/letters
COPY LICENSE LICENSE-MIT LICENSE-APACHE /usr/share/doc/contact-gateway/

# Everything that is kept is kept in the volume; everything else is in gateway.toml.
ENV CONTACT_GATEWAY_CONFIG=/etc/contact-gateway/gateway.toml \
    CONTACT_GATEWAY__STORE__URL=embedded:/var/lib/contact-gateway/store \
    CONTACT_GATEWAY__ARCHIVE__URL=file:/var/lib/contact-gateway/archive \
    CONTACT_GATEWAY__STATE__FOLDER=/var/lib/contact-gateway/state \
    CONTACT_GATEWAY__LISTEN__CONTACTS=0.0.0.0:8080 \
    CONTACT_GATEWAY__LISTEN__STAFF=0.0.0.0:8081

USER 10001
WORKDIR /var/lib/contact-gateway
VOLUME /var/lib/contact-gateway
# Contacts (forms, webhooks), staff (console, API, metrics, health), LMTP, SMTP.
EXPOSE 8080 8081 10024 10025
# Work in hand is finished first.
STOPSIGNAL SIGTERM
# Whether it lives, not whether every part works: a restart does not help when a server behind is away.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["contact-gateway", "health", "--live"]
ENTRYPOINT ["contact-gateway"]
CMD ["serve"]
