# One image for every role: `docker run zelery worker`. The versions are those of constraints.txt.
FROM python:3.13-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY zelery ./zelery
COPY tasks ./tasks
COPY inbound ./inbound
COPY beat_schedule ./beat_schedule
RUN python -m venv /opt/zelery && /opt/zelery/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
COPY --from=build /opt/zelery /opt/zelery
# Where the engine keeps its journal; a volume that is made here has this owner.
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/zelery/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["zelery"]
CMD ["--help"]
