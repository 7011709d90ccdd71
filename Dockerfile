# Tidegate's image.
#
#   docker build -t tidegate .
#
# compiles it. Where a binary for Debian 12 exists already, the compiler's image is not needed: a folder with that
# binary, `tidegate`, and Debian's /etc/ssl/certs/ca-certificates.crt is context enough.
#
#   docker build -t tidegate --target prebuilt -f Dockerfile folder/
#
# The stages stand in this order so that a builder without BuildKit can stop before the compiler as well.

FROM debian:bookworm-slim AS runtime
LABEL org.opencontainers.image.title="Tidegate" \
      org.opencontainers.image.description="MCP server for Apache Superset workspaces" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that Kubernetes can see that it is not root. The folder is for embedded workspaces alone.
RUN install -d -o 10001 -g 10001 /var/lib/tidegate
USER 10001:10001
WORKDIR /var/lib/tidegate
# A container has its addresses to itself; who may reach them is said by what publishes them.
ENV TIDEGATE_SERVER__HOST=0.0.0.0
EXPOSE 5008
STOPSIGNAL SIGTERM
# Ready, and not merely alive: /readyz. A server that cannot reach Redis is unhealthy and goes on.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["tidegate", "healthcheck"]
ENTRYPOINT ["tidegate"]
CMD ["serve"]

FROM runtime AS prebuilt
# Roots for key sets (JWKS) and collectors by https.
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY tidegate /usr/local/bin/tidegate

FROM rust:1.95.0-bookworm AS builder
WORKDIR /src
# The image's own toolchain, without the components that rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --package tidegate-server --bin tidegate \
    && install -D target/dist/tidegate /out/tidegate \
    && test "$(stat -c %s /out/tidegate)" -le 40000000

FROM runtime
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /out/tidegate /usr/local/bin/tidegate
