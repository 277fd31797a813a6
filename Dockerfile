# cee in a container: the runner, cee-http behind lighttpd, and the page. compose.yaml starts it.
#
# BASE is any Debian 12 or later, or Ubuntu. In it the runner is root without most privileges, and web requests are
# served as the user cee-http; jobs run in boxes of the host's engine, beside this container and not in it.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
	gcc libc6-dev make libcjson-dev libcurl4-openssl-dev libarchive-dev nettle-dev
COPY Makefile VERSION /src/
COPY src /src/src
COPY etc /src/etc
COPY man /src/man
COPY share /src/share
COPY scripts /src/scripts
RUN make -s -C /src -j"$(nproc)" install DESTDIR=/out PREFIX=/usr && rm -rf /out/usr/lib/systemd /out/etc/cee/cee.conf /out/etc/apparmor.d

FROM ${BASE}
RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
	libcjson1 libcurl4 libarchive13 ca-certificates curl jq lighttpd libjs-codemirror mmdebstrap openssl && \
	rm -rf /var/lib/apt/lists/* /var/cache/apt/* && \
	useradd --system --home-dir /var/lib/cee/http --shell /usr/sbin/nologin cee-http
COPY --from=build /out /
COPY packaging/container/start packaging/container/cee.conf /usr/share/cee/container/
COPY etc/http/lighttpd.conf /usr/share/cee/container/
# What boxes mount must lie in the volume, also what cee-doctor makes for a moment.
ENV CEE_CONF=/run/cee/cee.conf TMPDIR=/var/lib/cee/tmp

EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --start-period=60s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/share/cee/container/start"]
