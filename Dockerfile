# The image of the bridge; docs/guide/container.md says how to build and use it.
#
# BUILD is a Debian with Node 20.19 or newer and npm. BASE is a Debian, no older than that: Node comes along from BUILD.
ARG BUILD=docker.io/library/node:22-bookworm-slim
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BUILD} AS build
# All secrets are optional. They tell apt and npm how to reach their servers, and leave no trace in the image.
RUN --mount=type=secret,id=apt \
    if [ -s /run/secrets/apt ]; then export APT_CONFIG=/run/secrets/apt; fi; \
    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /opt/bascule
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=authorities \
    if [ -s /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -s /run/secrets/authorities ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/authorities; fi; \
    npm ci --ignore-scripts
COPY . .
RUN npm run build
# What was built, without what built it. The optional packages come along: fast unmasking, and tokens from Redis.
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=authorities \
    if [ -s /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -s /run/secrets/authorities ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/authorities; fi; \
    sh docker/assemble.sh /image

FROM ${BASE}
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Bascule" \
      org.opencontainers.image.description="A WebSocket bridge: lets a browser talk to any TCP, TLS, UDP or Unix-socket server" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /image /
# A number, so that Kubernetes can see that it is not root. The last line proves that Node fits this base.
RUN groupadd --gid 10001 bascule \
 && useradd --uid 10001 --gid 10001 --home-dir /opt/websockify/data --no-create-home --shell /usr/sbin/nologin bascule \
 && install --directory --owner 10001 --group 10001 /opt/websockify/data /opt/websockify/config \
 && bascule --version
ENV NODE_ENV=production
WORKDIR /opt/websockify
USER 10001:10001
EXPOSE 80 443
VOLUME ["/opt/websockify/data", "/opt/websockify/config"]
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 \
    CMD ["node", "/opt/bascule/docker/healthcheck.mjs"]
ENTRYPOINT ["/opt/bascule/docker/entry.sh"]
