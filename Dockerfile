# The hub in one small image: the same hash-pinned wheels as `make demo`, nobody's root, nothing to write but its volume.
FROM python:3.13-slim AS build
COPY requirements/run.txt /src/requirements/
RUN python -m venv /opt/hub \
 && /opt/hub/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /src/requirements/run.txt
COPY pyproject.toml README.md LICENSE /src/
COPY hub /src/hub
RUN /opt/hub/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.13-slim
COPY --from=build /opt/hub /opt/hub
COPY contracts /srv/hub/contracts
RUN useradd --system --home-dir /srv/hub hub && install -d -o hub -g hub /srv/hub/var
ENV PATH=/opt/hub/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUB_CONTRACTS_DIR=/srv/hub/contracts
USER hub
WORKDIR /srv/hub
VOLUME /srv/hub/var
EXPOSE 8000
ENTRYPOINT ["hub"]
CMD ["all"]
