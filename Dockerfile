# contact-gateway in a container: built from the lock file, run as a plain user.
#
#   docker build -t contact-gateway .
#   docker run -v ./gateway.toml:/etc/contact-gateway/gateway.toml:ro -v contact-gateway:/var/lib/contact-gateway \
#       -p 8080:8080 -p 127.0.0.1:8081:8081 contact-gateway

FROM rust:1.95-bookworm AS builder
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bins

FROM debian:bookworm-slim
# Certificates, for upstreams and stores by TLS.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/contact-gateway --shell /usr/sbin/nologin gateway \
    && install --directory --owner gateway --mode 0700 /var/lib/contact-gateway
COPY --from=builder /source/target/release/contact-gateway /source/target/release/contact-gateway-pipe \
    /usr/local/bin/
# The shipped profiles, beside which gateway.toml is mounted.
COPY config/profiles /etc/contact-gateway/profiles
COPY LICENSE LICENSE-MIT LICENSE-APACHE /usr/share/doc/contact-gateway/

# What the container decides; all else is in gateway.toml. Whatever is kept is kept in the volume.
ENV CONTACT_GATEWAY_CONFIG=/etc/contact-gateway/gateway.toml \
    CONTACT_GATEWAY__STORE__URL=embedded:/var/lib/contact-gateway/store \
    CONTACT_GATEWAY__ARCHIVE__URL=file:/var/lib/contact-gateway/archive \
    CONTACT_GATEWAY__LISTEN__CONTACTS=0.0.0.0:8080 \
    CONTACT_GATEWAY__LISTEN__STAFF=0.0.0.0:8081

USER gateway
WORKDIR /var/lib/contact-gateway
VOLUME /var/lib/contact-gateway
# Contacts (forms, webhooks), staff (console, API, metrics, health), LMTP, SMTP.
EXPOSE 8080 8081 10024 10025
# SIGTERM drains: work in hand is finished first.
STOPSIGNAL SIGTERM
# Asks the address of CONTACT_GATEWAY__LISTEN__STAFF.
# Whether it lives, not whether it is ready: a restart mends nothing of a server that is away.
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["contact-gateway", "health", "--live"]
ENTRYPOINT ["contact-gateway"]
CMD ["serve"]
