# syntax=docker/dockerfile:1
# Any image with Python 3.11 or newer and its venv module will do.
ARG BASE=python:3.13-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /pip \
 && python3 -m venv --copies --without-pip /opt/l2exporter
COPY . .
RUN /pip/bin/pip --python /opt/l2exporter/bin/python3 \
        install --no-cache-dir --constraint constraints.txt .

# hadolint ignore=DL3006
FROM ${BASE}
LABEL org.opencontainers.image.title="l2exporter" \
      org.opencontainers.image.description="Prometheus exporter for layer-2 health" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/l2exporter /opt/l2exporter
# CAP_NET_RAW (13) as a file capability of this one copy of the interpreter, since a container's
# added capabilities do not reach a user other than root: struct vfs_cap_data, linux/capability.h,
# revision 2. Without the effective bit, or it would not start where NET_RAW is refused: the
# program claims it. Set here, as not every builder keeps it when it copies.
RUN /opt/l2exporter/bin/python3 -c "import os, struct; \
os.setxattr('/opt/l2exporter/bin/python3', 'security.capability', \
            struct.pack('<5I', 0x02000000, 1 << 13, 0, 0, 0))"
ENV PATH=/opt/l2exporter/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 10806
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python3", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:10806/-/healthy', timeout=4)"]
ENTRYPOINT ["l2exporter"]
